"""Texts: what was asked and answered, from wherever a convention puts it."""
