"""Ask an updated endpoint about a known picture."""
