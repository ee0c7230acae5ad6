"""Labels that senders choose: learned up to a cap, then `other`."""

import pytest
from prometheus_client import CollectorRegistry, Counter

from server.labels import CappedLabels
from server.model_names import listed


@pytest.fixture
def overflow():
    return Counter("overflow", "Folded.", registry=CollectorRegistry())


@pytest.fixture
def labels(overflow):
    return CappedLabels(3, overflow)


def folded(overflow):
    return overflow.collect()[0].samples[0].value


def test_the_first_values_are_learned_and_later_ones_are_other(labels, overflow):
    assert [labels.fold(("p", model), 2) for model in "abcad"] == [
        ("p", "a"),
        ("p", "b"),
        ("p", "c"),
        ("p", "a"),
        ("other", "other"),
    ]
    assert folded(overflow) == 2


@pytest.mark.parametrize("model", ["a b", "ü", "x" * 81, 'a"b', "a\nb", "model#1"])
def test_a_value_that_is_unfit_is_other_though_there_is_room(labels, model):
    assert labels.fold(("p", model)) == ("other", "other")


def test_a_value_is_trimmed_and_a_missing_one_is_unknown(labels):
    assert labels.fold((None, " m ")) == labels.fold((" ", "m")) == ("unknown", "m")


def test_what_is_known_from_the_start_leaves_room_for_no_others(overflow):
    labels = CappedLabels(1, overflow, [("p", "a")])
    assert labels.fold(("p", "b")) == ("other", "other")
    assert labels.fold(("p", "a")) == ("p", "a")


def test_models_are_listed_with_their_provider(labels):
    said = "openai/gpt-4o, openrouter/meta/llama-3:free,openai/gpt-4o,vertex/claude@2025"
    openrouter = ("openrouter", "meta/llama-3:free")
    assert listed(said) == (("openai", "gpt-4o"), openrouter, ("vertex", "claude@2025"))
    assert listed("auto") == listed("off") == ()


@pytest.mark.parametrize("said", ["gpt-4o", "openai/", "/x", "a/b,", "a/b c", "all", "a/ü", ","])
def test_a_list_that_is_none_is_refused(said):
    with pytest.raises(ValueError, match=r"model_metrics must be auto, off, or provider/model"):
        listed(said)


def test_a_list_has_an_end():
    with pytest.raises(ValueError, match="at most 100"):
        listed(",".join(f"p/{n}" for n in range(101)))
