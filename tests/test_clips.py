import pandas as pd
import pytest

from emospec.clips import format_votes, parse_votes, speakers_to_draw
from emospec.errors import EmospecError


@pytest.mark.parametrize(
    ("text", "votes"),
    [
        ("angry", {"angry": None}),
        ("angry happy", {"angry": None, "happy": None}),
        ("angry=4 neutral=15", {"angry": 4, "neutral": 15}),
    ],
)
def test_votes_are_counts_or_the_most_frequent_answers(text, votes):
    assert parse_votes(text) == votes


@pytest.mark.parametrize("text", ["", " ", "angry,sad", "angry=", "angry=-1", "angry=4 sad", "sad=1 sad=2", "=4", "4"])
def test_votes_of_another_form_are_refused(text):
    with pytest.raises(EmospecError, match=r"votes .* cannot be read; expected .*angry=4"):
        parse_votes(text)


def test_written_votes_are_read_as_they_were_without_answers_that_nobody_gave():
    assert parse_votes(format_votes({"sad": 1, "angry": 10, "fear": 0})) == {"sad": 1, "angry": 10}
    assert format_votes({"sad": 0}) is None


def test_speakers_of_two_corpora_are_drawn_apart_and_nobody_if_one_is_unknown():
    clips = pd.DataFrame({"corpus": ["a", "b", "b"], "speaker": ["1", "1", "2"]}, dtype="string")
    assert speakers_to_draw(clips).tolist() == ["a/1", "b/1", "b/2"]
    assert speakers_to_draw(clips.assign(speaker=["1", None, "2"])).tolist() == ["", "", ""]
