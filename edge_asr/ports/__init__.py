"""What the ports have in common: a thread with a loop of its own, listening, and a bounded way out for each client."""
