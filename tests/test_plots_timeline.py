import numpy as np
import pytest

from emospec.plots_timeline import HEIGHT, LEFT, RIGHT, TOP, WIDTH, colour_of, draw_timeline, ticks
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
