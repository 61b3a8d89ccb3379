"""Stands in for the training program in the tests of the training machine."""
