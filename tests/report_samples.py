"""A report worked out by hand, and a reader of pages."""

import base64
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np

from emospec.report import Mistake

CLASSES = ["angry", "fear", "sad"]
MATRIX = [[6, 3, 1], [2, 8, 0], [0, 0, 20]]
NO_INTERVAL = {"low": None, "high": None}
HOSTILE = '"><script src="http://evil.example/x.js">alert(1)</script><img src=x onerror=alert(1)>'
PICTURE = np.arange(35, dtype=np.uint8).reshape(5, 7, 1)


def make_report(**changes):
    """A report of 40 clips, worked out by hand from MATRIX: 34 are right, recalls are 0.6, 0.8 and 1."""
    per_class = {
        "angry": {"precision": 6 / 8, "recall": 0.6, "f1": 12 / 18, "support": 10},
        "fear": {"precision": 8 / 11, "recall": 0.8, "f1": 16 / 21, "support": 10},
        "sad": {"precision": 20 / 21, "recall": 1.0, "f1": 40 / 41, "support": 20},
    }
    report = {
        "accuracy": {"value": 0.85, "low": 0.7812, "high": 0.9},
        "uar": {"value": 0.8, "low": 0.72, "high": 0.871},
        "macro_f1": {"value": 0.8014, "low": 0.75, "high": 0.86},
        "per_class": per_class,
        "macro_precision": 0.8099,
        "macro_recall": 0.8,
        "confusion_matrix": MATRIX,
        "classes": CLASSES,
        "protocol": "speakers",
        "n_clips": 40,
        "n_speakers": 5,
        "speakers_seen_in_training": 0,
        "share_of_speakers_seen": 0.0,
        "ece": 0.0812,
        "listeners": None,
    }
    return report | changes


def estimate(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def make_listeners(**changes):
    """People on 36 of the 40 clips; they and the model overlap in UAR."""
    listeners = {
        "source": "votes",
        "n_clips": 38,
        "share_of_clips": 0.95,
        "majority": {
            "n_clips": 36,
            "left_out": 2 / 38,
            "accuracy": estimate(0.7, 0.65, 0.75),
            "uar": estimate(0.68, 0.6, 0.74),
            "accuracy_of_all": estimate(0.6, 0.5, 0.7),
        },
        "single": {"n_clips": 36, "left_out": 2 / 38, "accuracy": estimate(0.5), "uar": estimate(0.4)},
        "model": {"accuracy": estimate(0.86, 0.8, 0.91), "uar": estimate(0.81, 0.73, 0.88)},
    }
    return listeners | changes


def make_fold(name, uar, **changes):
    known = {"fold": name, "n_clips": 20, "n_speakers": 3, "speakers_seen_in_training": 0, "accuracy": 0.85}
    return known | {"uar": uar} | changes


def with_numbers(**changes):
    """A report with all that was ever measured: the model is 90 % sure in 30 clips and 50 % sure in 10."""
    report = make_report()
    ranks = dict(zip(CLASSES, (0.91, 0.92, 0.99), strict=True))
    numbers = {
        "roc_auc": estimate(0.94, 0.9, 0.97),
        "brier": estimate(0.25, 0.2, 0.31),
        "per_class": {name: scores | {"roc_auc": ranks[name]} for name, scores in report["per_class"].items()},
        "reliability": [
            {"low": 7 / 15, "high": 8 / 15, "confidence": 0.5, "accuracy": 0.7, "n_clips": 10},
            {"low": 13 / 15, "high": 14 / 15, "confidence": 0.9, "accuracy": 0.9, "n_clips": 30},
        ],
        "risk_coverage": [
            {"coverage": 0.25, "accuracy": 1.0, "threshold": 0.95},
            {"coverage": 0.5, "accuracy": 0.951, "threshold": 0.9},
            {"coverage": 1.0, "accuracy": 0.85, "threshold": 0.5},
        ],
        "listeners": make_listeners(),
        "folds": [make_fold("fold 1 of 2", 0.75), make_fold("fold 2 of 2", 0.83)],
        "matrix": {"train": ["savee", "tess"], "test": ["savee", "tess"], "uar": [[None, 0.412], [0.357, None]]},
        "clips_sha256": "a",
    }
    return report | numbers | changes


def without_intervals(**changes):
    values = {name: make_report()[name] | NO_INTERVAL for name in ("accuracy", "uar", "macro_f1")}
    return make_report(**values, **changes)


def make_mistake(**changes):
    scores = {"angry": 0.07, "fear": 0.9, "sad": 0.03}
    mistake = Mistake("1001_DFA_ANG_XX", None, PICTURE, "angry", "fear", scores, "1001", "Don't forget a jacket.")
    return replace(mistake, **changes)


class Tags(HTMLParser):
    """Collects (tag, attributes) of a page, and its text outside the style sheet."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if not (self.tags and self.tags[-1][0] == "style"):
            self.words.append(data)

    def named(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def text_of(page):
    return " ".join("".join(Tags(page).words).replace("\u00a0", " ").split())


def banners_of(page):
    return [tag["class"] for tag in Tags(page).named("p") if "banner" in tag.get("class", "")]


def embedded(uri):
    return base64.b64decode(uri.split(",", 1)[1])
