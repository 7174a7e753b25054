"""Solution packages: how they are read, built and catalogued. Pure: no Django in here."""
