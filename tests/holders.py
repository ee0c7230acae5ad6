"""Keys for tests, and the files that let them in."""

import hashlib

SEND = "tw_" + "s" * 43
READ = "tw_" + "r" * 43
WRONG = "tw_" + "w" * 43


def line(name, key):
    return f"{name}:{hashlib.sha256(key if isinstance(key, bytes) else key.encode()).hexdigest()}\n"


def files(directory):
    """The settings of a service with a key to send, `laptop`, and one to read, `prometheus`."""
    ingest, read = directory / "ingest.keys", directory / "read.keys"
    ingest.write_text("# who may send\n\n" + line("laptop", SEND))
    read.write_text(line("prometheus", READ))
    return {"ingest_keys_file": str(ingest), "read_keys_file": str(read)}


def bearer(key):
    return {"Authorization": f"Bearer {key}"}
