"""What an audit asks, and the verdicts: pure functions from answers and limits."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from emospec import metrics
from emospec.audit_answers import Answers, agreements, of_class
from emospec.audit_limits import CalibrationLimits, ChangeLimits, ConsistencyLimits, CorrectnessLimits
from emospec.audit_scores import CONSISTENCY
from emospec.metrics import Estimate

Outcome = Literal["pass", "fail", "unclear"]
Rule = Literal["at least", "at most", "within"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One question and its answer.

    Attributes
    ----------
    part : str
        correctness, fairness, robustness, calibration or consistency.
    check : str
        What was measured: uar, recall, precision, share, uar_drop, unchanged, ece or agreement; groups if there was
        nothing to measure.
    of : dict
        Of what: `class`, `condition`, `column` and `group`.
    value, low, high : float, optional
        The measured value, and the ends of its 95 % interval where it has one.
    limit, rule
        The value must be "at least" or "at most" the limit, or "within" it on both sides of 0.
    """

    part: str
    check: str
    of: Mapping[str, str]
    verdict: Outcome
    value: float | None
    low: float | None = None
    high: float | None = None
    limit: float
    rule: Rule
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as it stands in `audit.json`."""
        return asdict(self)


def outcome(value: float, limit: float, rule: Rule) -> Outcome:
    """Judge a value by its limit, which itself still passes.

    >>> outcome(0.5, 0.5, "at least"), outcome(-0.2, 0.15, "within")
    ('pass', 'fail')
    """
    slack = 1e-9  # 0.95 - 0.9 is more than 0.05 in floating point
    if rule == "at least":
        passed = value >= limit - slack
    else:
        passed = (abs(value) if rule == "within" else value) <= limit + slack
    return "pass" if passed else "fail"


def share(value: float) -> str:
    """Return a share for a sentence: `61.9 %`."""
    return f"{100 * value:.1f} %"


def points(value: float) -> str:
    """Return a difference of shares for a sentence: `1.2 points`."""
    return f"{100 * value:.1f} points"


def limit_share(value: float) -> str:
    """Return a limit for a sentence: `50 %`."""
    return f"{100 * value:g} %"


def limit_points(value: float) -> str:
    """Return a limit of a difference for a sentence: `7.5 points`."""
    return f"{100 * value:g} points"


def between(estimate: Estimate) -> str:
    """Return the interval for a sentence, with a blank before it, or nothing."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f" ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


def check_correctness(answers: Answers, limits: CorrectnessLimits) -> list[Verdict]:
    """Judge UAR, and each class's recall, precision and share of the answers."""
    uar = answers.uar()
    sentence = f"UAR is {share(uar.value)}{between(uar)}; at least {limit_share(limits.uar)} is asked"
    verdicts = [_correct("uar", {}, uar, limits.uar, sentence)]
    for check in (_recalls, _precisions, _shares):
        verdicts += check(answers, limits)
    return verdicts


def _correct(check: str, of: dict[str, str], estimate: Estimate, limit: float, sentence: str) -> Verdict:
    rule: Rule = "within" if check == "share" else "at least"
    return Verdict(
        part="correctness", check=check, of=of, verdict=outcome(estimate.value, limit, rule), **estimate.to_dict(),
        limit=limit, rule=rule, sentence=sentence,
    )  # fmt: skip


def _recalls(answers: Answers, limits: CorrectnessLimits) -> list[Verdict]:
    tables, verdicts = answers.confusions(), []
    for label, name in enumerate(answers.classes.classes):
        estimate = metrics.bootstrap(tables, of_class(metrics.recall, label))
        sentence = (
            f"recall of {name} is {share(estimate.value)}{between(estimate)}; "
            f"at least {limit_share(limits.recall)} is asked"
        )
        verdicts.append(_correct("recall", {"class": name}, estimate, limits.recall, sentence))
    return verdicts


def _precisions(answers: Answers, limits: CorrectnessLimits) -> list[Verdict]:
    tables, verdicts = answers.confusions(), []
    for label, name in enumerate(answers.classes.classes):
        estimate = metrics.bootstrap(tables, of_class(metrics.precision, label))
        never = "" if tables[:, :, label].any() else ", as it is never answered"
        said = f"precision of {name} is {share(estimate.value)}{between(estimate)}{never}"
        sentence = f"{said}; at least {limit_share(limits.precision)} is asked"
        verdicts.append(_correct("precision", {"class": name}, estimate, limits.precision, sentence))
    return verdicts


def _shares(answers: Answers, limits: CorrectnessLimits) -> list[Verdict]:
    table, verdicts = answers.confusions().sum(axis=0), []
    truth, answered = table.sum(axis=1) / table.sum(), table.sum(axis=0) / table.sum()
    for label, name in enumerate(answers.classes.classes):
        estimate = Estimate(float(answered[label] - truth[label]), None, None)
        sentence = (
            f"{name} is {share(answered[label])} of the answers and {share(truth[label])} of the truth; "
            f"at most {limit_points(limits.share)} apart is asked"
        )
        verdicts.append(_correct("share", {"class": name}, estimate, limits.share, sentence))
    return verdicts


def check_robustness(answers: Answers, limits: Mapping[str, ChangeLimits], titles: Mapping[str, str]) -> list[Verdict]:
    """Judge what each change of the sound does to UAR and to the single answers."""
    verdicts = []
    for name, change in limits.items():
        if change.uar_drop is not None:
            verdicts.append(_drop(answers, name, change.uar_drop, titles[name]))
        if change.unchanged is not None:
            verdicts.append(_unchanged(answers, name, change.unchanged, titles[name]))
    return verdicts


def _drop(answers: Answers, name: str, limit: float, title: str) -> Verdict:
    drop = answers.uar_drop(name)
    direction = "falls" if drop.value >= 0 else "rises"
    sentence = (
        f"{title}: UAR {direction} from {share(answers.uar().value)} to {share(answers.uar(name).value)}, "
        f"by {points(abs(drop.value))}{'' if drop.low is None else f', interval of the fall{between(drop)}'}; "
        f"a fall of at most {limit_points(limit)} is asked"
    )
    return Verdict(
        part="robustness", check="uar_drop", of={"condition": name}, verdict=outcome(drop.value, limit, "at most"),
        **drop.to_dict(), limit=limit, rule="at most", sentence=sentence,
    )  # fmt: skip


def _unchanged(answers: Answers, name: str, limit: float, title: str) -> Verdict:
    same = answers.agreement(name)
    sentence = (
        f"{title}: {share(same.value)}{between(same)} of the answers stay the same; "
        f"at least {limit_share(limit)} is asked"
    )
    return Verdict(
        part="robustness", check="unchanged", of={"condition": name}, verdict=outcome(same.value, limit, "at least"),
        **same.to_dict(), limit=limit, rule="at least", sentence=sentence,
    )  # fmt: skip


def check_calibration(answers: Answers, limits: CalibrationLimits) -> list[Verdict]:
    """Judge how far the confidence of the answers is from how often they are right."""
    ece = metrics.expected_calibration_error(answers.probabilities, answers.labels)
    confidence = float(answers.probabilities.max(axis=1).mean())
    right = float((answers.probabilities.argmax(axis=1) == answers.labels).mean())
    sentence = (
        f"confidence is {points(ece)} from the hit rate on average (mean confidence {share(confidence)}, "
        f"{share(right)} right); at most {limit_points(limits.ece)} is asked"
    )
    return [
        Verdict(
            part="calibration", check="ece", of={}, verdict=outcome(ece, limits.ece, "at most"), value=ece,
            limit=limits.ece, rule="at most", sentence=sentence,
        )
    ]  # fmt: skip


def check_consistency(answers: Answers, limits: ConsistencyLimits) -> list[Verdict]:
    """Judge whether the same clip in parts, at other sample rates and in other formats gets the same answer."""
    verdicts = []
    for name, title in {**CONSISTENCY, "halves": "the two halves, with each other"}.items():
        limit, same = getattr(limits, name), agreements(answers, name)
        found = f"{title}: {share(same.value)}{between(same)} get the same answer"
        verdict = Verdict(
            part="consistency", check="agreement", of={"condition": name},
            verdict=outcome(same.value, limit, "at least"), **same.to_dict(), limit=limit, rule="at least",
            sentence=f"{found}; at least {limit_share(limit)} is asked",
        )  # fmt: skip
        verdicts.append(verdict)
    return verdicts
