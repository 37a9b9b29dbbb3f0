import numpy as np
import pytest

from emospec.plots_timeline import CHART, HEIGHT, LEFT, RIGHT, TOP, WIDTH, colour_of, draw_timeline, ticks
from emospec.predictions import Prediction, Segment, Timeline, Window

SCORES = {"angry": 0.9, "sad": 0.1}


def timeline(seconds: float = 40.0, *, uncertain: bool = False) -> Timeline:
    quarter = seconds / 4
    segments = (
        Segment(0.0, quarter, None, None, False, None),
        Segment(quarter, 2 * quarter, "angry", 0.9, uncertain, SCORES),
        Segment(2 * quarter, seconds, "sad", 0.9, False, SCORES),
    )
    windows = tuple(
        Window(float(n), n + 3.0, Prediction("angry", SCORES, False, 3.0) if n > quarter else None)
        for n in range(int(seconds))
    )
    return Timeline(seconds, windows, segments)


def band_of(picture: np.ndarray, share: float) -> tuple[int, ...]:
    """The colour at the upper edge of the band, at a share of the time."""
    return tuple(picture[TOP + 2, LEFT + round((WIDTH - LEFT - RIGHT) * share)].tolist())


@pytest.mark.parametrize("seconds", [2.0, 40.0, 172_800.0])
def test_segments_lie_at_their_times_in_their_colours(seconds: float) -> None:
    picture = np.asarray(draw_timeline(timeline(seconds)))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert band_of(picture, 0.3) == band_of(picture, 0.49) == colour_of("angry")
    assert band_of(picture, 0.51) == band_of(picture, 0.99) == colour_of("sad")
    assert band_of(picture, 0.1) == band_of(picture, 0.24) != colour_of("angry")


def test_uncertain_segments_are_paler() -> None:
    sure, unsure = (np.asarray(draw_timeline(timeline(uncertain=each)), int) for each in (False, True))
    columns = slice(LEFT + 400, LEFT + 700)
    assert unsure[TOP : TOP + 10, columns].mean() > sure[TOP : TOP + 10, columns].mean() + 50


def test_an_empty_timeline_can_be_drawn() -> None:
    assert draw_timeline(Timeline(0.0, (), ()), "a\nb" * 100).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("seconds", [0.5, 3.0, 33.0, 600.0, 5000.0, 172_800.0])
def test_the_axis_has_a_handful_of_round_times(seconds: float) -> None:
    times = ticks(seconds)
    assert 3 <= len(times) <= 12
    assert times[0] == 0
    assert times[-1] <= seconds


def shares_of(picture: np.ndarray, top: int, bottom: int) -> dict[str, float]:
    """How much of a stripe of the picture each emotion's colour fills."""
    stripe = picture[top:bottom, LEFT : WIDTH - RIGHT]
    return {each: float((stripe == colour_of(each)).all(axis=-1).mean()) for each in ("angry", "fear", "happy", "sad")}


@pytest.mark.parametrize("minutes", [3, 9, 60, 600])
@pytest.mark.parametrize("reverse", [False, True])
def test_in_a_long_recording_each_emotion_has_the_area_of_its_mean_probability(minutes: int, reverse: bool) -> None:
    n_windows = minutes * 60 - 2
    rows = np.random.default_rng(0).dirichlet([4, 2, 1, 0.5], n_windows)
    names = np.array(["angry", "fear", "happy", "sad"])[:: -1 if reverse else 1].tolist()
    spoken = [n % 50 < 40 for n in range(n_windows)]  # a fifth is silence
    answers = [Prediction("angry", dict(zip(names, row, strict=True)), False, 3.0) for row in rows.tolist()]
    windows = (Window(float(n), n + 3.0, answers[n] if spoken[n] else None) for n in range(n_windows))
    picture = np.asarray(draw_timeline(Timeline(minutes * 60.0, tuple(windows), ())))
    expected = dict(zip(names, rows[spoken].sum(axis=0) / n_windows, strict=True))
    assert shares_of(picture, *CHART) == pytest.approx(expected, abs=0.02)
