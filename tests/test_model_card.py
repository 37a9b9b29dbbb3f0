"""What a model card says of those whom the model has heard."""

from typing import Any

import pytest

from emospec.model_card import evaluation_data, training_data


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"n_speakers": 4, "speakers_seen_in_training": 0}, "4 speakers; none of the speakers were heard in training."),
        ({"n_speakers": 4, "speakers_seen_in_training": 3}, "4 speakers; 3 of the speakers were heard in training."),
        (
            {"n_speakers": 4, "speakers_seen_in_training": None},
            "4 speakers; nobody can tell which of them were heard in training.",
        ),
        (
            {"n_speakers": None, "speakers_seen_in_training": None},
            "unknown speakers; nobody can tell which of them were heard in training.",
        ),
        ({"n_speakers": 4}, "4 speakers."),
    ],
)
def test_a_card_says_of_whom_nobody_knows_whether_they_were_heard(known: dict[str, Any], said: str) -> None:
    text = evaluation_data({"scores": {"protocol": "speakers", "n_clips": 8, **known}})
    assert text == f"Protocol `speakers`: 8 clips of {said}"


def test_a_name_is_no_markup_in_a_card() -> None:
    corpora = {"`<b>c</b>`": {"n_clips": 1, "speakers": []}}
    assert training_data({"training": {"corpora": corpora}}).startswith("- `'<b>c</b>'`: 1 clips")


def test_a_card_says_how_many_clips_do_not_say_who_speaks() -> None:
    corpora = {
        "one": {"n_clips": 5, "speakers": ["a", "b"]},
        "some": {"n_clips": 5, "speakers": ["a"], "n_clips_without_speaker": 3},
        "none": {"n_clips": 5, "speakers": [], "n_clips_without_speaker": 5},
    }
    one, some, none, *_ = training_data({"training": {"corpora": corpora}}).splitlines()
    assert one.startswith("- `one`: 5 clips of 2 speakers, for training")
    assert some.startswith("- `some`: 5 clips of 1 speakers; 3 of the clips don't say who speaks, for training")
    assert none.startswith("- `none`: 5 clips of unknown speakers, for training")
