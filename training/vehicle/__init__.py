"""The classifier that tells bicycles from motorcycles."""
