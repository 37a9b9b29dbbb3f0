import json

import numpy as np
import pandas as pd
import pytest

from emospec.emotions import Labels
from emospec.errors import EmospecError
from emospec.evaluation import Report, evaluate
from samples import CLASSES, clips_table

LABELS = Labels(CLASSES)
CLIPS = clips_table(5, 2)
TRUTH = LABELS.encode(CLIPS["emotion"])
HEARD = CLIPS.assign(votes="angry")


def judge(probabilities: np.ndarray, clips: pd.DataFrame = CLIPS, heard: set[str] | None = frozenset()) -> Report:
    return evaluate(probabilities, TRUTH, clips, LABELS, protocol="speakers", training_speakers=heard)


def test_an_oracle_gets_every_score_right() -> None:
    report = judge(np.eye(4)[TRUTH])
    assert [report.accuracy.value, report.uar.value, report.macro_f1.value] == [1, 1, 1]
    assert report.accuracy.low == report.accuracy.high == 1
    assert report.ece == 0
    assert (report.n_clips, report.n_speakers) == (40, 5)


def test_always_angry_has_the_uar_of_chance() -> None:
    report = judge(np.tile([0.7, 0.1, 0.1, 0.1], (40, 1)))
    assert report.uar.value == 0.25
    assert report.per_class["angry"] == {"precision": 0.25, "recall": 1.0, "f1": 0.4, "roc_auc": 0.5, "support": 10}
    assert report.per_class["sad"]["recall"] == 0


def test_speakers_that_were_heard_in_training_are_counted() -> None:
    report = judge(np.eye(4)[TRUTH], heard={"made/s0", "made/s3", "made/s9", "other/s1"})
    assert (report.speakers_seen_in_training, report.share_of_speakers_seen) == (2, 0.4)


def test_unknown_speakers_give_no_interval_and_no_count() -> None:
    report = judge(np.eye(4)[TRUTH], CLIPS.assign(speaker=pd.NA))
    assert (report.uar.low, report.n_speakers, report.speakers_seen_in_training) == (None, None, None)


def test_that_nobody_was_heard_is_not_said_where_clips_do_not_say_who_speaks() -> None:
    clips = CLIPS.assign(speaker=CLIPS["speaker"].where(CLIPS["speaker"] != "s0"))
    seen = [judge(np.eye(4)[TRUTH], clips, heard=heard).speakers_seen_in_training for heard in ({"x/1"}, {"made/s1"})]
    assert seen == [None, 1]


def test_the_report_is_json() -> None:
    values = json.loads(json.dumps(judge(np.eye(4)[TRUTH], HEARD).to_dict(), allow_nan=False))
    for key in ("accuracy", "uar", "macro_f1", "roc_auc", "brier"):
        assert set(values[key]) == {"value", "low", "high"}
    assert values["confusion_matrix"] == (10 * np.eye(4)).tolist()
    assert values["reliability"] == [{"low": 14 / 15, "high": 1.0, "confidence": 1.0, "accuracy": 1.0, "n_clips": 40}]
    assert [step["coverage"] for step in values["risk_coverage"]] == [step / 20 for step in range(1, 21)]
    assert values["listeners"]["source"] == "majority"


def test_how_well_scores_rank_and_fit_is_judged() -> None:
    report = judge(np.tile([0.7, 0.1, 0.1, 0.1], (40, 1)))
    assert report.roc_auc.value == 0.5
    # A quarter of the clips is angry: 0.3 ** 2 + 3 * 0.1 ** 2, and 0.7 ** 2 + 0.9 ** 2 + 2 * 0.1 ** 2 for the others.
    assert report.brier.value == pytest.approx(0.25 * 0.12 + 0.75 * 1.32)
    assert report.ece == pytest.approx(0.7 - 0.25)


def test_listeners_are_judged_where_the_clips_tell_what_they_heard() -> None:
    report = judge(np.eye(4)[TRUTH], HEARD)
    assert report.listeners["majority"]["uar"]["value"] == 0.25
    assert report.listeners["model"]["uar"] == {"value": 1, "low": 1, "high": 1}


@pytest.mark.parametrize("clips", [CLIPS, CLIPS.drop(columns="votes")], ids=["no votes", "no column of votes"])
def test_there_are_no_listeners_where_nobody_is_known_to_have_heard_the_clips(clips: pd.DataFrame) -> None:
    assert judge(np.eye(4)[TRUTH], clips).listeners is None


@pytest.mark.parametrize(
    ("probabilities", "match"),
    [
        (np.ones((40, 3)), "40 clips by 4 classes"),
        (np.full((40, 4), np.nan), "not finite"),
        (np.full((40, 4), 0.5), "are no probabilities"),
    ],
)
def test_scores_that_do_not_fit_are_refused(probabilities: np.ndarray, match: str) -> None:
    with pytest.raises(EmospecError, match=match):
        judge(probabilities)
