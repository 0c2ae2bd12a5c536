"""Brain: from 16 kHz speech to words."""
