"""What this room does for its pages and tasks: each owns its transaction."""
