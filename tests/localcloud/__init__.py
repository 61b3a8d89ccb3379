"""Tests on the running local cloud."""
