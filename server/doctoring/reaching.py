"""Whether tokenweir answers at the URL, and how it feels."""

from collections.abc import Iterator

from .asking import Answer, Service, Unreachable
from .steps import Step

ABOUT = "service"
_OURS = ("version", "queue_depth", "events_received")
"""Members of /health that tokenweir has, whatever its version."""


def reached(service: Service) -> Iterator[Step]:
    """One step where nothing more can be done: FAILED. Else how it is, and whether it takes all."""
    try:
        live, health = service.get("/livez"), service.get("/health")
        ready = service.get("/readyz")
    except Unreachable as error:
        yield Step(ABOUT, "reach", "FAILED", str(error))
        return
    told = health.json()
    if live.status != 200 or not all(name in told for name in _OURS):
        yield Step(ABOUT, "reach", "FAILED", _stranger(service, live))
        return
    yield Step(ABOUT, "reach", "ok", f"tokenweir {told['version']} answers at {service.url}")
    yield _health(told, ready)


def _health(told: dict[str, object], ready: Answer) -> Step:
    if ready.status != 200:
        said = f"takes no events now: {_reasons(ready.json())}"
        return Step(ABOUT, "health", "FAILED", said)
    if told.get("status") != "ok":
        return Step(ABOUT, "health", "WARNING", f"{told.get('status')}: {_reasons(told)}")
    return Step(ABOUT, "health", "ok", f"{told['queue_depth']} events wait to be stored")


def _reasons(told: dict[str, object]) -> str:
    reasons = told.get("reasons")
    return "; ".join(map(str, reasons)) if isinstance(reasons, list) else "it does not say why"


def _stranger(service: Service, live: Answer) -> str:
    """Why what answers is not taken for tokenweir, and where that may be."""
    if service.path and _is_ours(service.root()):
        return (
            f"tokenweir answers at {service.root().url}: leave {service.path} away, a sender adds "
            "the paths that it needs"
        )
    return (
        f"{service.url}/livez is answered {live.status}, and not by tokenweir. Is another service "
        "on this port? Behind a proxy, is this the path that leads to tokenweir?"
    )


def _is_ours(service: Service) -> bool:
    try:
        return all(name in service.get("/health").json() for name in _OURS)
    except Unreachable:
        return False
