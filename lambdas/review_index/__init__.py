"""Reads what is new into the index that the review page answers from."""
