"""Tests of single parts, in one process where they can be."""
