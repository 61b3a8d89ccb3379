"""Runs the strategies of training side by side and reports what each costs; imports no TensorFlow itself."""
