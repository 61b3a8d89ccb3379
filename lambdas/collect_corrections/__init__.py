"""Write the corrected images of a classifier where its training job reads them."""
