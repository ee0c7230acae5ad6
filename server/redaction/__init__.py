"""Redaction: credentials go before anything is journalled or stored. RE2 only: linear time."""
