"""Handlers: HTTP in, HTTP out. No SQL, no schema."""
