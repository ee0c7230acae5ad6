"""An append-only journal: bytes and positions, nothing of what they mean.

A directory of segments. A segment begins with its journal's id (a new one at each start), the
number of its first record and a heading, opaque bytes that say how to read the payloads; then come
records: a head with length, checksum and number, and a payload. Numbers only grow, also from one
journal to the next.
"""
