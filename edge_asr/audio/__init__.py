"""Ears: from a microphone or a file to blocks of 16 kHz speech."""
