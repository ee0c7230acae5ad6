"""Failures in spans and log records, one for each cause."""
