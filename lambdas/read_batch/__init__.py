"""Find the images of a batch."""
