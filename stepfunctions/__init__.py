"""Builds the state machines from the settings."""
