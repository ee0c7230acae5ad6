"""Retention: what is too old or too much goes, a little at a time, in the store's thread."""
