"""Measure a trained model and the one in production on the same pictures."""
