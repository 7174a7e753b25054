"""Pages of certificates and custom domains, a module for each."""
