"""OTLP: spans, log records and metrics, in protobuf and in JSON."""

SOURCE = "otlp"
PROTOBUF = "application/x-protobuf"
PROTOBUFS = frozenset((PROTOBUF, "application/protobuf"))
"""The media type that the specification names, and the one that some senders use."""
