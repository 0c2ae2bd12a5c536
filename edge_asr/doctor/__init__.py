"""Waiting room: one file for each thing that is looked at, and what was found as one line with its fix."""
