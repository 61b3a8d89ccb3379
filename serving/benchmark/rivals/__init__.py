"""Others that serve the same model: each a small application, as its framework's documentation would have it."""
