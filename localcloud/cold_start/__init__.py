"""Measures how long functions take from the start of their process to their first answer: see docs/cold-start.md."""
