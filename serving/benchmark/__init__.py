"""Measures the model server beside others that serve the same model: ``make benchmark-serving``."""
