"""Measurements, side by side with the named peer; never part of the tests."""
