"""Decoding: bodies in protobuf or JSON to records, one at a time."""
