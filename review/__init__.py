"""The web app that reviews captured data."""
