"""Where a sender is to send to, and the key that it is to show there."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from ..loading import KEY_VARIABLE

VARIABLE = f"${KEY_VARIABLE}"
_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/\[\]%@&()*+;=]+")
_SENDERS_PATH = re.compile(r"/(?:v1/\w+|api/\d+(?:/envelope)?)/?$")
_KEY = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_IN_DSN = re.compile(r"[A-Za-z0-9_-]+")
_EVERYWHERE = {"": "127.0.0.1", "0": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 where to ask, not where to listen


class Target(NamedTuple):
    """A URL without a slash at its end; `key`: the key itself, VARIABLE for one in there, or ""."""

    url: str
    key: str

    @property
    def dsn(self) -> str:
        """For Sentry's SDKs; any word is a key where none is asked for.

        Raises ValueError for a key that no DSN can hold.
        """
        if self.key and self.key != VARIABLE and not _IN_DSN.fullmatch(self.key):
            raise ValueError("a DSN takes only letters, digits, _ and - in a key")
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{self.key or 'tokenweir'}@{rest}/1"


def parse(url: str, key: str) -> Target:
    """Raises ValueError for what cannot be pasted into a shell and all the files."""
    if not _is_base(url):
        raise ValueError(f"the URL must be http://HOST:PORT, or with https, not {url!r}")
    if found := _SENDERS_PATH.search(url):
        raise ValueError(f"leave {found[0]} away: a sender adds the paths that it needs")
    if key and key != VARIABLE and not _KEY.fullmatch(key):
        raise ValueError("a key to paste has only letters, digits and - . _ ~ + / =")
    return Target(url.rstrip("/"), key)


def _is_base(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_one = _URL.fullmatch(url) and parts.hostname and "@" not in parts.netloc
        return bool(is_one) and parts.port != 0
    except ValueError:  # of a port or an address that is none
        return False


def local_url(address: str, port: int) -> str:
    """Of a service on this machine, that listens there."""
    host = _EVERYWHERE.get(address, address)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
