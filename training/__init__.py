"""Datasets, networks, recipes, evaluation and export. TensorFlow only where a network is made."""
