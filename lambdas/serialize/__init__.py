"""Fetch, check and prepare a picture."""
