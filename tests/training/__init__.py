"""Tests of training, with data that the project makes."""
