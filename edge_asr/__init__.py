"""Streaming speech recognition that lives in the house and speaks MQTT."""

__version__ = "0.1.0"
