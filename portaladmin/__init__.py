"""The project: settings, addresses, the shell around every page, and the command that runs it all."""
