"""What was measured, as tables in Markdown."""

from collections.abc import Callable, Iterable, Sequence

from ..contenders import DEFAULT, VARIANTS
from ..slices import Json
from .figures import Comparison, Spread, median

Rows = Iterable[Sequence[object]]


def all_tables(results: Json) -> dict[str, str]:
    """By the name of their place in the document."""
    made: dict[str, Callable[[Json], str]] = {
        "setup": _setup,
        "comparison": _comparison,
        "shares": _shares,
        "memory": _memory,
        "events": lambda found: _curve(found, "events", "events a request"),
        "rows": lambda found: _curve(found, "rows", "rows in the database"),
        "connections": lambda found: _curve(found, "connections", "connections", rss=True),
        "text": lambda found: _curve(found, "text", "bytes of text"),
        "stages": _stages,
    }
    return {name: make(results) for name, make in made.items()}


def table(head: Sequence[str], rows: Rows, words: int = 1) -> str:
    """So many columns of words, then numbers, which stand to the right."""
    rule = ["---"] * words + ["---:"] * (len(head) - words)
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _setup(results: Json) -> str:
    rounds = results["comparison"]["rounds"]
    seconds = results["comparison"]["seconds"]
    how = f"{rounds} rounds of slices of {seconds:g} s, 32 connections, 2 KB of text an event"
    words = {**results["setup"], "comparison": how}
    return "\n".join(
        f"- {name}: {f'`{said}`' if name == 'command' else said}" for name, said in words.items()
    )


def _comparison(results: Json) -> str:
    found = Comparison(results["comparison"])
    head = ("work", "who", "CPU us an event", "times the bare handler", "p50 ms", "p99 ms",
            "stored/s", "lost")  # fmt: skip
    rows = []
    for work in found.works():
        for number, (name, slices) in enumerate(found.contenders(work).items()):
            rows.append([
                "" if number else work, name, f"{median(slices, 'us'):.0f}",
                found.to_bare(work, name), f"{median(slices, 'p50_ms'):.2f}",
                f"{median(slices, 'p99_ms'):.2f}", f"{median(slices, 'per_second'):,.0f}",
                sum(one["lost"] for one in slices),
            ])  # fmt: skip
    return table(head, rows, words=2)


def _shares(results: Json) -> str:
    found = Comparison(results["comparison"])
    rows = []
    for work in found.works():
        saved = [found.saved(work, variant) for variant in VARIANTS]
        if any(saved):
            rows.append([work, *(_percent(one) for one in saved)])
    return table(("work", *(f"{one} saves" for one in VARIANTS)), rows)


def _percent(share: Spread | None) -> str:
    if not share:
        return "-"
    return f"{share.median:.0%} ({share.least:.0%} to {share.most:.0%})"


def _memory(results: Json) -> str:
    memory = results["comparison"]["memory"]
    rows = [
        [name, f"{one['idle']:.0f}", f"{one['after']:.0f}"]
        for name, one in memory.items()
        if name not in VARIANTS
    ]
    if full := results.get("full_queue"):
        rows.append(
            [f"{DEFAULT}, its default queue full behind a locked database", "", f"{full:.0f}"]
        )
    return table(("who", "idle, MiB", "after its load, MiB"), rows)


def _curve(results: Json, name: str, axis: str, rss: bool = False) -> str:
    lines = results["curves"][name]
    head, rows = [axis], []
    for line in lines:
        head += [f"{line}: us an event", "p99 ms", *(["RSS MiB"] if rss else [])]
    for x in next(iter(lines.values())):
        row = [f"{int(x):,}"]
        for by in lines.values():
            slices = by[x]
            row += [f"{median(slices, 'us'):.0f}", f"{median(slices, 'p99_ms'):.1f}"]
            row += [f"{median(slices, 'rss_mib'):.0f}"] if rss else []
        rows.append(row)
    return table(head, rows)


def _stages(results: Json) -> str:
    works = results["stages"]
    if not works:
        return "(no profile: py-spy was not there, or may not look at other processes)"
    threads = next(iter(works.values()))
    rows = []
    for thread in threads:
        totals = [sum(by[thread].values()) for by in works.values()]
        rows.append([f"**{_THREADS[thread]}**", *(f"**{total:.1f}**" for total in totals)])
        names = dict.fromkeys(stage for by in works.values() for stage in by[thread])
        if len(names) > 1:
            order = sorted(
                names, key=lambda one: -sum(by[thread].get(one, 0) for by in works.values())
            )
            for stage in order:
                rows.append([stage, *(f"{by[thread].get(stage, 0):.1f}" for by in works.values())])
    return table(("us an event", *works), rows)


_THREADS = {"loop": "the event loop's thread", "store": "the store's thread", "others": "others"}
