import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emospec.corpora import load_corpus
from emospec.emotions import Labels
from emospec.listeners import judge_listeners
from emospec.metrics import draw_speakers

TWO = Labels(("angry", "sad"))


def judge(rows, classes=TWO):
    """Judge listeners by rows of (speaker, what was meant, votes, what the model says)."""
    clips = pd.DataFrame(rows, columns=["speaker", "emotion", "votes", "prediction"]).assign(corpus="made")
    labels, predictions = classes.encode(clips["emotion"]), classes.encode(clips["prediction"])
    return judge_listeners(clips.astype("string"), labels, predictions, classes)


COUNTS = [
    ("a", "angry", "angry=3 sad=1 neutral=6", "angry"),  # among the classes angry, three of four; of all neutral
    ("b", "angry", "angry=2 sad=2", "sad"),  # one of two answers that are equally frequent
    ("c", "sad", "angry=4 sad=1", "sad"),
    ("c", "sad", "sad=9 neutral=1", "sad"),
    ("c", "sad", "neutral=5", "angry"),  # none of the classes: left out
    ("d", "sad", None, "angry"),  # nobody is known to have heard it
]
ANSWERS = [
    ("a", "angry", "angry neutral", "angry"),  # angry, once neutral is left out; of all half right
    ("b", "angry", "angry sad", "sad"),
    ("c", "sad", "angry", "sad"),
    ("c", "sad", "neutral", "sad"),
]


def test_clips_are_counted_with_votes_and_with_an_answer_among_the_classes():
    line = judge(COUNTS)
    assert (line["source"], line["n_clips"], line["share_of_clips"]) == ("votes", 5, 5 / 6)
    assert (line["majority"]["n_clips"], line["majority"]["left_out"]) == (4, pytest.approx(1 / 5))


def test_the_majority_answers_among_the_classes_and_equal_answers_share_a_clip():
    majority = judge(COUNTS)["majority"]
    assert majority["accuracy"]["value"] == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert majority["uar"]["value"] == pytest.approx(((1 + 0.5) / 2 + (0 + 1) / 2) / 2)


def test_the_majority_of_all_answers_counts_every_clip_with_votes():
    assert judge(COUNTS)["majority"]["accuracy_of_all"]["value"] == pytest.approx((0 + 0.5 + 0 + 1 + 0) / 5)


def test_a_single_listener_is_right_as_often_as_the_votes_for_the_truth():
    single = judge(COUNTS)["single"]
    assert single["accuracy"]["value"] == pytest.approx((3 / 4 + 1 / 2 + 1 / 5 + 1) / 4)
    assert single["uar"]["value"] == pytest.approx(((3 / 4 + 1 / 2) / 2 + (1 / 5 + 1) / 2) / 2)


def test_the_model_is_judged_on_the_clips_that_the_majority_counts():
    model = judge(COUNTS)["model"]
    assert model["accuracy"]["value"] == pytest.approx(3 / 4)
    assert model["uar"]["value"] == pytest.approx((1 / 2 + 1) / 2)


def test_most_frequent_answers_without_counts_tell_the_majority_but_no_single_listener():
    line = judge(ANSWERS)
    assert (line["source"], line["single"]) == ("majority", None)
    assert line["majority"]["left_out"] == pytest.approx(1 / 4)
    assert line["majority"]["accuracy"]["value"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert line["majority"]["accuracy_of_all"]["value"] == pytest.approx((0.5 + 0.5 + 0 + 0) / 4)


def test_counts_beside_most_frequent_answers_are_read_as_such():
    line = judge([("a", "angry", "angry=1 neutral=6", "angry"), *ANSWERS[1:]])
    assert line["source"] == "majority"
    assert line["majority"]["n_clips"] == 2  # the first clip is heard as neutral, which is no class


def test_uar_is_unknown_where_a_class_has_no_clip():
    line = judge(COUNTS, Labels(("angry", "sad", "fear")))
    assert [line[name]["uar"] for name in ("majority", "single", "model")] == [None, None, None]
    assert line["majority"]["accuracy"]["value"] == pytest.approx(2.5 / 4)


def test_intervals_are_over_speakers():
    right = {"a": 0.2, "b": 0.5, "c": 0.9, "d": 1.0}
    rows = [
        (speaker, "angry", "angry" if take < 100 * share else "sad", "sad")
        for speaker, share in right.items()
        for take in range(100)
    ]
    means = draw_speakers(4, n_samples=2000, seed=0) @ list(right.values()) / 4
    accuracy = judge(rows)["majority"]["accuracy"]
    assert (accuracy["low"], accuracy["high"]) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])))


def test_two_speakers_or_unknown_ones_give_no_interval():
    for speakers in ("aab", "ab?"):
        rows = [(None if s == "?" else s, "angry", "angry", "sad") for s in speakers]
        assert judge(rows)["majority"]["accuracy"] == {"value": 1, "low": None, "high": None}


@pytest.mark.parametrize("votes", [None, "neutral", "neutral=4", "angry=0"])
def test_without_an_answer_among_the_classes_there_is_no_line(votes):
    assert judge([("a", "angry", votes, "sad")]) is None


def test_a_table_without_the_column_has_no_line():
    clips = pd.DataFrame({"corpus": ["a"], "speaker": ["b"]}, dtype="string")
    assert judge_listeners(clips, [0], [0], TWO) is None


@pytest.mark.real_data
@pytest.mark.skipif("EMOSPEC_DATA" not in os.environ, reason="EMOSPEC_DATA names no folder of real corpora")
def test_listeners_to_the_shared_clips_of_crema_d():
    classes = Labels(("angry", "fear", "happy", "sad"))
    clips = load_corpus("crema-d", Path(os.environ["EMOSPEC_DATA"]) / "crema-d")
    clips = clips[clips["emotion"].isin(classes.classes)]
    labels = classes.encode(clips["emotion"])
    line = judge_listeners(clips, labels, labels, classes)
    assert (line["source"], line["n_clips"]) == ("majority", 3964)
    assert round(1 - line["majority"]["left_out"], 3) == 0.514
    assert round(line["majority"]["uar"]["value"], 3) == 0.759
    assert round(line["majority"]["accuracy_of_all"]["value"], 3) == 0.373
