"""Rounds of torture, in the small."""

import pytest

from .torture.rounds import Rounds
from .torture.strikes import STRIKES

pytestmark = pytest.mark.both_layers


@pytest.fixture
def rounds(tmp_path):
    return Rounds(tmp_path, seed=1)


@pytest.mark.slow
def test_nothing_accepted_is_lost_when_the_service_is_killed_or_stopped(rounds):
    for kind in ("replay", "commit"):
        rounds.run(kind)
    rounds.end()
    assert rounds.books.accepted["trace"]
    assert rounds.totals["replayed"] > 0


@pytest.mark.slow
def test_nothing_accepted_is_lost_in_any_mode_by_any_strike(rounds):
    for _ in range(len(STRIKES) + 4):
        rounds.run()
    rounds.end()
    assert rounds.totals["kills"] > 10
    assert rounds.totals["replayed"] > 0
