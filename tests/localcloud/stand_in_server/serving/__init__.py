"""Stands in for the model server in the tests of updates."""
