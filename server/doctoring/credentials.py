"""The keys that doctor was given, as senders show them."""

from typing import NamedTuple

SENTRY = "sentry"


class Credentials(NamedTuple):
    """A key to send with and one to read with, each "" where there is none."""

    send: str
    read: str
    origin: str
    """Where the key to send with came from, for people."""

    def sending(self, sender: str) -> dict[str, str]:
        """Headers. Sentry's SDKs always show a key: any word where none is asked for."""
        if sender == SENTRY:
            shown = self.send or "tokenweir"
            return {"X-Sentry-Auth": f"Sentry sentry_key={shown}, sentry_version=7"}
        return {"x-api-key": self.send} if self.send else {}

    def reading(self) -> dict[str, str]:
        """Headers of a scrape."""
        return {"Authorization": f"Bearer {self.read}"} if self.read else {}
