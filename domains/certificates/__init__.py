"""Certificates: opening the files that people upload, judging what is in them, keeping their keys."""
