import itertools
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from emospec.errors import ConfigError
from emospec.predict import Predictor
from emospec.predictions import Timeline
from predict_samples import RATE, silence, voice, write_bundle_by_mean, write_by_ffmpeg, write_hours_of_silence

ANGRY, AFRAID = 0.1, -0.1  # offsets


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor(write_bundle_by_mean(tmp_path_factory.mktemp("bundle") / "made"), threads=1)


def timeline_of(predictor: Predictor, *sounds: np.ndarray, **options: float) -> Timeline:
    return predictor.timeline(np.concatenate(sounds), RATE, **options)


def emotions_of(timeline: Timeline) -> list[str | None]:
    return [segment.emotion for segment in timeline.segments]


def test_joints_and_silences_are_found_within_three_tenths_of_a_second(predictor: Predictor) -> None:
    sounds = [silence(1.0), voice(2.0, offset=ANGRY), silence(0.7), voice(7.0, offset=AFRAID), silence(2.0)]
    timeline = timeline_of(predictor, *sounds)
    assert emotions_of(timeline) == [None, "angry", None, "fear", None]
    ends = list(itertools.accumulate(len(sound) / RATE for sound in sounds))
    np.testing.assert_allclose([segment.end for segment in timeline.segments], ends, atol=0.3)


@pytest.mark.parametrize("joint", [4.0, 5.3, 8.6])
def test_a_joint_without_a_pause_is_found_within_three_tenths_of_a_second(predictor: Predictor, joint: float) -> None:
    timeline = timeline_of(predictor, voice(joint, offset=ANGRY), voice(12.0 - joint, offset=AFRAID), silence(1.0))
    assert emotions_of(timeline) == ["angry", "fear", None]
    assert timeline.segments[1].start == pytest.approx(joint, abs=0.3)


def test_segments_leave_no_gap(predictor: Predictor) -> None:
    sounds = [part for n in range(8) for part in (voice(1.0 + n, offset=0.1 * (-1) ** n), silence(0.5 + n / 4))]
    timeline = timeline_of(predictor, *sounds)
    assert timeline.segments[0].start == 0
    assert timeline.segments[-1].end == timeline.seconds == pytest.approx(sum(map(len, sounds)) / RATE, abs=1e-3)
    assert all(one.end == other.start for one, other in itertools.pairwise(timeline.segments))


def test_silence_is_one_segment_without_an_answer(predictor: Predictor) -> None:
    timeline = timeline_of(predictor, silence(20.0))
    (segment,) = timeline.segments
    assert segment.to_dict() == {
        "start": 0.0, "end": 20.0, "emotion": None, "confidence": None, "uncertain": False, "scores": None,
    }  # fmt: skip
    assert {window.prediction for window in timeline.windows} == {None}


def test_windows_begin_every_hop_and_end_with_the_recording(predictor: Predictor) -> None:
    timeline = timeline_of(predictor, voice(10.4), window=3.0, hop=1.0)
    assert [window.start for window in timeline.windows] == list(range(9))
    assert [window.end for window in timeline.windows] == [3, 4, 5, 6, 7, 8, 9, 10, 10.4]


def test_a_recording_shorter_than_a_window_has_one_window(predictor: Predictor) -> None:
    (window,) = timeline_of(predictor, voice(1.5)).windows
    assert (window.start, window.end) == (0.0, 1.5)


def test_a_window_answers_on_the_speech_that_fills_most_of_it(predictor: Predictor) -> None:
    sounds = [voice(3.0, offset=ANGRY), silence(0.5), voice(3.0, offset=AFRAID), silence(4.5)]
    heard = [window.prediction and window.prediction.emotion for window in timeline_of(predictor, *sounds).windows]
    assert heard == ["angry", "angry", "fear", "fear", "fear", "fear", "fear", None, None]


def test_a_segment_has_the_mean_of_what_its_windows_say(predictor: Predictor) -> None:
    segment = timeline_of(predictor, voice(9.0, offset=ANGRY)).segments[0]
    assert sum((segment.scores or {}).values()) == pytest.approx(1.0)
    assert segment.confidence == (segment.scores or {})["angry"] > 0.9


def test_a_file_gives_what_its_samples_give(predictor: Predictor, tmp_path: Path) -> None:
    import soundfile

    sound = np.concatenate([voice(3.0), silence(1.0), voice(2.0, offset=AFRAID)])
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    assert predictor.timeline(tmp_path / "a.wav") == timeline_of(predictor, sound)


def test_another_rate_gives_the_same_times(predictor: Predictor) -> None:
    parts = [silence(1.0, 44100), voice(2.0, 44100), silence(2.0, 44100)]
    timeline = predictor.timeline(np.concatenate(parts), 44100)
    np.testing.assert_allclose([segment.end for segment in timeline.segments], [1.0, 3.0, 5.0], atol=0.1)


def test_one_channel_can_be_heard(predictor: Predictor) -> None:
    both = np.stack([voice(4.0, offset=ANGRY), voice(4.0, offset=AFRAID)], axis=1)
    assert predictor.timeline(both, RATE, channel=1).segments[0].emotion == "angry"
    assert predictor.timeline(both, RATE, channel=2).segments[0].emotion == "fear"


def test_progress_tells_the_seconds_heard(predictor: Predictor, tmp_path: Path) -> None:
    told: list[float] = []
    predictor.timeline(write_hours_of_silence(tmp_path / "a.wav", 0.2), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(720.0)


@pytest.mark.parametrize("seconds", [0.0, 0.4, 5.0, 37.3])
@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_progress_is_told_at_most_once_a_second_of_sound_and_at_the_end(
    predictor: Predictor, tmp_path: Path, seconds: float, suffix: str
) -> None:
    told: list[float] = []
    if suffix == "m4a":  # which comes in blocks of 21 ms
        path = write_by_ffmpeg(tmp_path / "a.m4a", "aac", voice(max(seconds, 0.1), 48000))
        timeline = predictor.timeline(path, progress=told.append)
    else:
        timeline = predictor.timeline(voice(seconds), RATE, progress=told.append)
    assert told[-1] == timeline.seconds
    steps = np.diff(told)
    assert (steps[:-1] >= 1).all()
    assert (steps > 0).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"window": 9.0}, "window 9 s: expected 0.25 to 3.08 s, which this model can hear"),
        ({"window": 0.1}, "window 0.1 s"),
        ({"hop": 0.0}, "hop 0 s: expected 0.01 s to 3 s, the window"),
        ({"hop": 1e-5}, "hop 1e-05 s"),
        ({"hop": 4.0}, "hop 4 s"),
    ],
)
def test_windows_that_cannot_be_are_refused(predictor: Predictor, options: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        timeline_of(predictor, voice(1.0), **options)


def test_hours_of_silence_take_no_more_memory_than_their_windows(predictor: Predictor, tmp_path: Path) -> None:
    path = write_hours_of_silence(tmp_path / "a.wav", 3.0)
    tracemalloc.start()
    timeline = predictor.timeline(path)
    assert tracemalloc.get_traced_memory()[1] < 5 * 10**7  # the samples take 7 * 10**8
    tracemalloc.stop()
    assert (timeline.seconds, emotions_of(timeline)) == (10800.0, [None])


def test_a_recording_without_samples_has_an_empty_timeline(predictor: Predictor) -> None:
    timeline = predictor.timeline(np.zeros(0, np.float32), RATE)
    assert (timeline.seconds, timeline.segments) == (0.0, ())


@pytest.mark.slow
def test_48_hours_of_silence_are_heard(predictor: Predictor, tmp_path: Path) -> None:
    timeline = predictor.timeline(write_hours_of_silence(tmp_path / "a.wav", 48.0), hop=3.0)
    assert (timeline.seconds, emotions_of(timeline)) == (172_800.0, [None])
