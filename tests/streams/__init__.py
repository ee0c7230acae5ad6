"""Streams of bytes for the HTTP layers: requests as they should be, and mutated ones."""
