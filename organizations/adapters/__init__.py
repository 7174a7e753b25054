"""How each kind of organization is spoken to; `organizations.connect` chooses."""
