"""Front door: one file for each command."""
