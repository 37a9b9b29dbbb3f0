from typing import Any

import pytest

from emospec.emotions import CLASS_SETS, EMOTIONS, Labels, canonical_emotion, class_set
from emospec.errors import ConfigError


@pytest.mark.parametrize(
    ("spelling", "emotion"),
    [
        ("anger", "angry"),
        ("Happiness", "happy"),
        ("fearful", "fear"),
        ("W", "angry"),
        (" sad ", "sad"),
        ("ps", "surprise"),
    ],
)
def test_usual_spellings_have_one_canonical_name(spelling: str, emotion: str) -> None:
    assert canonical_emotion(spelling) == emotion


def test_the_users_table_goes_before_the_usual_spellings() -> None:
    assert canonical_emotion("W", {"w": "sad"}) == "sad"


@pytest.mark.parametrize("table", [{}, {"meh": "indifferent"}])
def test_an_unknown_spelling_is_told_with_what_is_known(table: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"unknown emotion 'meh'; known: angry, .*spellings table"):
        canonical_emotion("meh", table)


@pytest.mark.parametrize("value", [3, {"b": "sad"}, ["sad"], None])
def test_what_is_no_word_is_no_emotion(value: Any) -> None:
    with pytest.raises(ConfigError, match="unknown emotion"):
        canonical_emotion(value)
    with pytest.raises(ConfigError, match="unknown emotion 'a'"):
        canonical_emotion("a", {"a": value})


def test_a_number_in_the_users_table_is_that_number_as_a_word() -> None:
    table: Any = {7: "disgust"}
    assert canonical_emotion("7", table) == "disgust"


def test_named_class_sets_hold_what_their_names_say() -> None:
    sizes = {"four": 4, "six": 6, "seven": 7, "all": 9}
    assert {name: len(classes) for name, classes in CLASS_SETS.items()} == sizes
    assert set(CLASS_SETS["seven"]) - set(CLASS_SETS["six"]) == {"surprise"}
    assert CLASS_SETS["all"] == EMOTIONS


@pytest.mark.parametrize("classes", ["angry", "angry,anger", "five"])
def test_fewer_than_two_classes_or_a_class_twice_or_an_unknown_one_is_refused(classes: str) -> None:
    with pytest.raises(ConfigError):
        class_set(classes)


def test_labels_are_positions_in_the_order_given() -> None:
    labels = Labels(("sad", "angry"))
    assert labels.encode(["angry", "sad"]).tolist() == [1, 0]
    assert labels.decode([1, 0]) == ["angry", "sad"]


@pytest.mark.parametrize("wrong", [-1, 2])
def test_a_label_out_of_range_is_an_error(wrong: int) -> None:
    with pytest.raises(ConfigError, match="out of range 0 to 1"):
        Labels(("sad", "angry")).decode([wrong])
