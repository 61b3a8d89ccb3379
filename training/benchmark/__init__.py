"""Measurements of training: accuracy of every recipe, the input pipeline, memory."""
