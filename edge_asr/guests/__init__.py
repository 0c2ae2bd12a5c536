"""Speech that comes from elsewhere than the microphone: heard beside it, and never before it."""
