"""Decide by threshold and route."""
