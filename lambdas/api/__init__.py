"""The HTTP API: takes pictures, answers decisions."""
