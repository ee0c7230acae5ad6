"""Scenarios of several requests: whatever order these come in, their calls are the same rows."""

import itertools
import math
import random
from collections import defaultdict
from contextlib import ExitStack

import pytest

from .conftest import read_rows
from .corpus import CORPUS, EXAMPLES, bodies_under, scenario_of, send
from .ledger import balances, sums_shown
from .process import serving, wait_until

pytestmark = pytest.mark.slow

ROOTS = {"ours": EXAMPLES, "all": CORPUS}
ORDERS = math.factorial(4)
"""That are tried: each one of up to four requests, and as many of more."""


def scenarios(root):
    """The requests of each scenario that has several."""
    found = defaultdict(list)
    for body in bodies_under(root):
        found[scenario_of(body)].append(body)
    return [bodies for bodies in found.values() if len(bodies) > 1]


def ordered(bodies, number):
    """The requests in one of their orders: the first is by name."""
    if math.factorial(len(bodies)) > ORDERS:
        chosen = random.Random(number)  # noqa: S311 no secret
        return chosen.sample(bodies, len(bodies)) if number else bodies
    orders = list(itertools.permutations(bodies))
    return orders[number % len(orders)]


def rounds(root, number):
    """The first request of each scenario, then the second of each, and so on."""
    sequences = [ordered(bodies, number) for bodies in scenarios(root)]
    return [[one for one in found if one] for found in itertools.zip_longest(*sequences)]


def stored(root, number, database, restarted=False):
    """The counted rows; `restarted`: where the service stops after the first round."""
    with ExitStack() as stack:
        server = stack.enter_context(serving(database))
        for turn, bodies in enumerate(rounds(root, number)):
            if turn == 1 and restarted:
                assert server.stop()[0] == 0
                server = stack.enter_context(serving(database))
            for body in bodies:
                send(server, body)
        wait_until(lambda: server.metric("tokenweir_queue_events") == 0, "an empty queue")
        assert balances(sums_shown(server))
        assert server.stop()[0] == 0
    return {row["event_id"]: told(row) for row in read_rows(database, "llm_traces") if of_call(row)}


def of_call(row):
    """Whether the row stays the same: how much is new at a point of a metric does not."""
    return row["counted"] and "metric" not in (row["metadata"] or {})


def told(row):
    return {name: value for name, value in row.items() if name not in ("id", "created_at")}


@pytest.fixture(scope="module")
def by_name(tmp_path_factory):
    """The rows of the first order."""
    known = {}

    def by_name(root):
        if root not in known:
            known[root] = stored(root, 0, str(tmp_path_factory.mktemp("orders") / "t.db"))
        return known[root]

    return by_name


def orders(root):
    """How many there are to try."""
    return min(ORDERS, max((math.factorial(len(bodies)) for bodies in scenarios(root)), default=0))


NUMBERS = [
    pytest.param(root, number, id=f"{name}, {number}")
    for name, root in ROOTS.items()
    for number in range(1, orders(root))
]


@pytest.mark.parametrize(("root", "number"), NUMBERS)
def test_every_order_gives_the_same_rows(root, number, database, by_name):
    assert stored(root, number, database) == by_name(root)


@pytest.mark.parametrize("number", [0, 1])
def test_a_restart_between_the_requests_changes_nothing(number, database, by_name):
    root = CORPUS if orders(CORPUS) else EXAMPLES
    assert stored(root, number, database, restarted=True) == by_name(root)
