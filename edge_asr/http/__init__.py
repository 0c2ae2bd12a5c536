"""The HTTP port: health, metrics, events, a page; aiohttp lives here alone, in a thread of its own."""
