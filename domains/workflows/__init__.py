"""Kinds of jobs of this room: binding a custom domain, and giving one up."""
