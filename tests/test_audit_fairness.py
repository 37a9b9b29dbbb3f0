import numpy as np
import pandas as pd
import pytest

from audit_samples import FOUR, answers, people, wrong_for
from emospec.audit_answers import widened
from emospec.audit_fairness import check_fairness, clips_interval, describe_groups, judge_gap, possible
from emospec.audit_limits import FairnessLimits
from emospec.metrics import Estimate

SEX = FairnessLimits(columns=("sex",))


def failing(verdicts: list) -> set:
    return {(verdict.of["group"], verdict.check) for verdict in verdicts if verdict.verdict == "fail"}


@pytest.mark.parametrize(
    ("gap", "verdict"),
    [
        (Estimate(-0.05, -0.2, 0.1), "pass"),
        (Estimate(-0.10, -0.2, -0.08), "fail"),
        (Estimate(-0.10, -0.2, -0.07), "unclear"),
        (Estimate(0.10, 0.08, 0.2), "fail"),
        (Estimate(0.10, -0.01, 0.2), "unclear"),
        (Estimate(0.10, None, None), "unclear"),
        (Estimate(0.05, None, None), "pass"),
    ],
)
def test_only_a_difference_that_lies_beyond_its_limit_with_its_whole_interval_fails(
    gap: Estimate, verdict: str
) -> None:
    assert judge_gap(gap, 0.075)[0] == verdict


def test_a_model_that_is_wrong_for_women_alone_fails_by_sex() -> None:
    clips = people(20, 4)
    labels = FOUR.encode(clips["emotion"])
    every_other = np.arange(len(clips)) % 2 == 0
    verdicts = check_fairness(answers(clips, wrong_for(labels, (clips["sex"] == "female") & every_other)), SEX)
    assert {("female", "uar"), ("male", "uar")} <= failing(verdicts)
    uar = next(verdict for verdict in verdicts if verdict.check == "uar" and verdict.of["group"] == "female")
    assert uar.value == pytest.approx(0.5 - 0.75)


def test_chance_is_seldom_called_bias() -> None:
    rng, fails = np.random.default_rng(0), 0
    clips = people(20, 2)
    labels = FOUR.encode(clips["emotion"])
    for _ in range(20):
        skill = rng.uniform(0.3, 0.9, 20).repeat(8)
        fails += bool(failing(check_fairness(answers(clips, wrong_for(labels, rng.random(160) > skill)), SEX)))
    assert fails <= 1


def test_four_clips_of_four_speakers_that_are_all_right_by_chance_are_no_bias() -> None:
    clips = people(160, 1).assign(age=[25] * 624 + [70] * 16)
    labels = FOUR.encode(clips["emotion"])
    old_are_right = wrong_for(labels, (np.arange(640) % 8 >= 4) & (clips["age"] == 25))
    verdicts = check_fairness(answers(clips, old_are_right), FairnessLimits(columns=("age",)))
    recalls = [v for v in verdicts if v.check == "recall" and v.of["group"] == "60 and over"]
    assert [verdict.value > 0.175 for verdict in recalls] == [True] * 4
    assert {verdict.verdict for verdict in recalls} == {"unclear"}


def test_the_interval_by_clips_is_that_computed_by_hand() -> None:
    # (4 + 2) / (4 + 4) = 0.75, half-width 1.96 sqrt(0.75 * 0.25 / 8 * (1 - 4 / 16)) = 0.2599
    low, high = clips_interval(np.array([4]), np.array([4]), np.array([16]))
    assert (low, high) == pytest.approx((0.4901, 1.0099), abs=1e-4)


def test_an_interval_that_leaves_out_its_value_is_not_narrowed_by_being_widened() -> None:
    # sqrt(4 / 3) * 3.1824 / 1.9600 = 1.8749 times the 0.10 above the value; below it there is nothing to widen
    low, high = widened(Estimate(0.10, 0.12, 0.20), 4).low, widened(Estimate(0.10, 0.12, 0.20), 4).high
    assert (low, high) == pytest.approx((0.12, 0.28749), abs=1e-5)
    assert widened(Estimate(0.10, 0.0, 0.08), 4).high == 0.08


def test_a_difference_lies_where_the_score_of_a_group_can_be() -> None:
    assert possible(Estimate(0.2, -0.8, 0.4), 0.75) == Estimate(0.2, -0.75, 0.25)
    assert possible(Estimate(0.2, None, None), 0.75) == Estimate(0.2, None, None)
    clips = people(8, 1)
    labels = FOUR.encode(clips["emotion"])
    women_only = answers(clips, wrong_for(labels, clips["sex"] == "male"))  # UAR 0.5; 1 for women, 0 for men
    uar = {v.of["group"]: (v.low, v.high) for v in check_fairness(women_only, SEX) if v.check == "uar"}
    assert uar["female"][1] == 0.5
    assert uar["male"][0] == -0.5


def test_a_group_of_few_speakers_or_without_a_class_is_unclear() -> None:
    clips = people(10, 1)
    clips["sex"] = ["other"] * 8 + ["male"] * 20 + ["female"] * 12
    clips.loc[(clips["sex"] == "female") & (clips["emotion"] == "sad"), "sex"] = pd.NA
    verdicts = check_fairness(answers(clips, FOUR.encode(clips["emotion"])), SEX)
    said = {v.of["group"]: (v.verdict, v.sentence) for v in verdicts if v.check == "groups"}
    assert said["other"] == ("unclear", "sex other: 2 speakers, too few to say")
    assert said["female"] == ("unclear", "sex female: no clip of sad, too few to say")
    assert len([verdict for verdict in verdicts if verdict.of["group"] == "male"]) == 9


@pytest.mark.parametrize(("value", "said"), [("male", "all clips are male"), (pd.NA, "unknown for every clip")])
def test_a_column_that_divides_nothing_is_one_unclear_line(value: object, said: str) -> None:
    clips = people(4, 1).assign(sex=pd.Series([value] * 16, dtype="string"))
    (verdict,) = check_fairness(answers(clips, FOUR.encode(clips["emotion"])), SEX)
    assert verdict.verdict == "unclear"
    assert said in verdict.sentence


def test_a_class_that_a_group_never_gets_as_an_answer_leaves_its_precision_unclear() -> None:
    clips = people(20, 2)
    labels = FOUR.encode(clips["emotion"])
    verdicts = check_fairness(answers(clips, wrong_for(labels, (clips["sex"] == "female") & (labels == 3))), SEX)
    (verdict,) = [v for v in verdicts if v.check == "precision" and v.of["group"] == "female" and "sad" in v.sentence]
    assert (verdict.verdict, verdict.value) == ("unclear", None)


def test_any_column_divides_the_clips_and_bands_stand_from_the_youngest() -> None:
    clips = people(12, 1).assign(room=["a", "b"] * 24, age=np.repeat([70, 50, 35, 20], 12))
    groups = describe_groups(answers(clips, FOUR.encode(clips["emotion"])), FairnessLimits(columns=("room", "age")))
    names = [group["group"] for group in groups]
    assert names == ["a", "b", "under 30", "30 to 44", "45 to 59", "60 and over"]
    assert groups[2] | {"uar": None} == {
        "column": "age",
        "group": "under 30",
        "n_clips": 12,
        "n_speakers": 3,
        "uar": None,
    }
    assert groups[0]["uar"] is None  # the clips of room a are angry or happy alone
