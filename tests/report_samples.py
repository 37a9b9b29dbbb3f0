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
