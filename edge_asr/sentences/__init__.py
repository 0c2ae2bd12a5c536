"""Sentences as people write them, turned into what a recognizer can listen for."""
