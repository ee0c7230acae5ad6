"""Connections: taken up to a limit, and never closed without saying why."""
