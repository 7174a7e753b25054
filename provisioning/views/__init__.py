"""Pages of the Applications tab and of the Portal Admin Center, a module for each."""
