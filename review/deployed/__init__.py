"""The review page on the web: who signs in, what they may, and the index that all functions share."""
