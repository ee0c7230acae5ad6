"""All steps, in order."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..times import now_ms
from . import answered
from .asking import Service, Unreachable
from .credentials import Credentials
from .following import Follower
from .marked import Post, litellm, native, openclaw, otel, sentry
from .reaching import ABOUT, reached
from .rows import Database
from .steps import Level, Step

SENDERS: Mapping[str, Callable[[], list[Post]]] = {
    "native": native.posts,
    "litellm": litellm.posts,
    "otel": otel.posts,
    "openclaw": openclaw.posts,
    "sentry": sentry.posts,
}
_CLOCKS_MS = 600_000
"""How far the clocks of two machines may be apart."""


def examine(
    service: Service,
    senders: Sequence[str],
    credentials: Credentials,
    database: Database,
    wait_seconds: float,
) -> Iterator[Step]:
    """Each step as it is done; the later ones of an event that was lost are left out."""
    last = None
    for last in reached(service):
        yield last
    if last is None or last.check == "reach":
        return
    readable = None
    if trouble := database.trouble():
        level: Level = "FAILED" if database.named else "WARNING"
        yield Step(ABOUT, "database", level, f"{database.path} {trouble}")
    else:
        readable = database
    follower = Follower(service, credentials, readable, wait_seconds)
    if hidden := follower.hidden():
        yield Step(ABOUT, "counters", "WARNING", hidden)
    for sender in senders:
        for post in SENDERS[sender]():
            yield from _one(service, sender, post, credentials, follower)


def _one(
    service: Service,
    sender: str,
    post: Post,
    credentials: Credentials,
    follower: Follower,
) -> Iterator[Step]:
    about = f"{sender} {post.path}"
    before, since_ms = follower.counts(), now_ms() - _CLOCKS_MS
    try:
        answer = service.post(post.path, post.body, _headers(sender, post, credentials))
        yield Step(about, "answer", "ok", answered.check(post, answer, credentials.origin))
    except (answered.Lost, Unreachable) as why:
        yield Step(about, "answer", "FAILED", str(why))
        return
    yield from follower.follow(about, post, before, since_ms)


def _headers(sender: str, post: Post, credentials: Credentials) -> dict[str, str]:
    coding = {"Content-Encoding": post.coding} if post.coding else {}
    return {"Content-Type": post.content_type, **coding, **credentials.sending(sender)}
