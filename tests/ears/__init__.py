"""A real microphone suffers, on real sound servers: whether capture ever is deaf and does not say so."""
