"""Labels that senders choose: learned up to a cap, then `other`."""

import pytest
from prometheus_client import CollectorRegistry, Counter

from server.labels import CappedCounter, CappedLabels

NAMES = ("provider", "model")


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def counted(registry):
    return lambda **labels: registry.get_sample_value("seen_total", labels)


@pytest.fixture
def folded(registry):
    return lambda: registry.get_sample_value("overflow_total")


@pytest.fixture
def capped(registry):
    overflow = Counter("overflow", "Folded.", registry=registry)
    labels = CappedLabels(3, overflow)
    return CappedCounter(Counter("seen", "Seen.", NAMES, registry=registry), labels)


def test_the_first_values_are_learned_and_later_ones_are_other(capped, counted, folded):
    for model in "abcda":
        capped.inc(("p", model), 2)
    assert counted(provider="p", model="a") == 4
    assert counted(provider="p", model="d") is None
    assert counted(provider="other", model="other") == 2
    assert folded() == 2


@pytest.mark.parametrize("model", ["a b", "ü", "x" * 81, 'a"b', "a\nb", "model@1"])
def test_a_value_that_is_unfit_is_other_though_there_is_room(capped, counted, model):
    capped.inc(("p", model), 1)
    assert counted(provider="other", model="other") == 1


def test_a_value_is_trimmed_and_a_missing_one_is_unknown(capped, counted):
    capped.inc((None, " m "), 1)
    capped.inc((" ", "m"), 1)
    assert counted(provider="unknown", model="m") == 2


def test_metrics_that_share_labels_know_the_same_values(registry, folded):
    labels = CappedLabels(1, Counter("overflow", "Folded.", registry=registry))
    assert labels.fold(("a",)) == ("a",)
    assert labels.fold(("b",)) == ("other",)
    assert labels.fold(("a",)) == ("a",)
    assert folded() == 1


def test_ten_thousand_models_make_few_samples(capped, registry):
    for number in range(10_000):
        capped.inc(("p", f"model-{number}"), 1)
    samples = [sample for family in registry.collect() for sample in family.samples]
    assert sum(sample.name == "seen_total" for sample in samples) == 4
