"""Moonshine, an offline recognizer: for the second pass, or listening alone."""
