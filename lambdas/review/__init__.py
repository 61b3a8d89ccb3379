"""The review page on the web."""
