"""Where pictures come from: archives, folders, downloads, drawings. Needs no TensorFlow."""
