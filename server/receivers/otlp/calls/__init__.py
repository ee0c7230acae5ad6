"""Calls: which spans are one, and what their attributes mean, by one table of conventions."""
