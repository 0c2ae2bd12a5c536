"""A day of a house in a quarter of an hour: speech, noise and silence at full speed, and what goes wrong in between."""
