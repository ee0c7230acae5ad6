"""Whom an address lets in: this machine only, or others too."""

import ipaddress
import socket

from .config import Config


def check_binding(config: Config) -> None:
    """Raises ValueError where others could send without a key, unless that is wanted.

    Raises OSError and UnicodeError for a name that is none. Asks the resolver, so it may wait.
    """
    if config.ingest_keys_file or config.allow_anonymous or is_loopback(config.address):
        return
    raise ValueError(
        f"address {config.address} is open to others, who would need no key: "
        "set ingest_keys_file, or allow_anonymous, or listen on 127.0.0.1"
    )


def is_loopback(address: str) -> bool:
    """Whether all that a name or address stands for is on this machine only."""
    found = socket.getaddrinfo(address, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return all(_is_loopback(str(where[0])) for *_, where in found)


def _is_loopback(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback
