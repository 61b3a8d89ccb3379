"""Runs the strategies of training side by side and reports what each costs. Imports no TensorFlow: it starts processes."""
