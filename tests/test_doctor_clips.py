import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emospec.doctor_clips import Measurement, clipped_share, container_of, measure, measure_files
from emospec.errors import ConfigError

RATE = 16000
TONE = 0.25 * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 72\n"


def measured(path: Path, samples: np.ndarray = TONE, rate: int = RATE, **options: str) -> Measurement:
    soundfile.write(path, samples, rate, **options)
    return measure(str(path))


def test_level_of_a_tone_is_its_amplitude_over_the_root_of_two(tmp_path: Path) -> None:
    assert measured(tmp_path / "tone.wav").rms_db == pytest.approx(20 * np.log10(0.25 / np.sqrt(2)), abs=0.01)


def test_a_wav_is_described_by_its_header(tmp_path: Path) -> None:
    clip = measured(tmp_path / "tone.wav", np.stack([TONE, TONE], axis=1), 8000, subtype="PCM_24")
    assert (clip.container, clip.encoding, clip.sample_rate, clip.channels, clip.seconds) == (
        "WAV", "PCM_24", 8000, 2, 2.0
    )  # fmt: skip


def test_bytes_are_hashed_as_they_lie_on_disk(tmp_path: Path) -> None:
    clip = measured(tmp_path / "tone.wav")
    assert clip.sha256 == hashlib.sha256((tmp_path / "tone.wav").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["same.flac", "same.aiff"])
def test_the_same_sound_in_another_container_has_the_same_audio_hash(tmp_path: Path, name: str) -> None:
    samples = (32767 * TONE).astype(np.int16)
    first, second = measured(tmp_path / "tone.wav", samples), measured(tmp_path / name, samples, subtype="PCM_16")
    assert first.audio_sha256 == second.audio_sha256
    assert first.sha256 != second.sha256


def test_equal_channels_sound_like_one(tmp_path: Path) -> None:
    both = measured(tmp_path / "stereo.wav", np.stack([TONE, TONE], axis=1))
    assert both.audio_sha256 == measured(tmp_path / "mono.wav").audio_sha256


def test_the_same_samples_at_another_rate_are_another_sound(tmp_path: Path) -> None:
    assert measured(tmp_path / "a.wav").audio_sha256 != measured(tmp_path / "b.wav", rate=8000).audio_sha256


def test_container_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.aiff", TONE, RATE)
    (tmp_path / "tone.aiff").rename(tmp_path / "tone.wav")
    assert measure(str(tmp_path / "tone.wav")).container == "AIFF"


@pytest.mark.timeout(10)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_unreadable_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    clip = measure(str(tmp_path / "pipe.wav"))
    assert (clip.problem, clip.reason) == ("unreadable", "is a pipe or a device, not a file")


def test_a_folder_named_like_a_recording_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    clip = measure(str(tmp_path / "folder.wav"))
    assert (clip.problem, clip.reason) == ("unreadable", "is a folder, not a file")


def test_a_git_lfs_pointer_is_a_pointer(tmp_path: Path) -> None:
    (tmp_path / "clip.wav").write_bytes(POINTER)
    assert measure(str(tmp_path / "clip.wav")).problem == "pointer"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n<!DOCTYPE html><html></html>", "is a web page, not audio"),
        (b"PK\x03\x04" + bytes(60), "is a ZIP archive, not audio"),
        (b"nothing of the kind" * 9, "cannot be read as audio (Invalid data found when processing input)"),
    ],
)
def test_what_is_no_audio_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "clip.wav").write_bytes(content)
    clip = measure(str(tmp_path / "clip.wav"))
    assert (clip.problem, clip.reason) == ("unreadable", reason)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert measure(str(tmp_path / "clip.wav")).reason == "cannot be opened (No such file or directory)"


def test_a_header_without_samples_holds_no_sound(tmp_path: Path) -> None:
    assert measured(tmp_path / "clip.wav", np.zeros(0)).reason == "holds no sound"


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_a_file_cut_in_half_is_truncated(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip.{suffix}"
    soundfile.write(path, TONE, RATE)
    path.write_bytes(path.read_bytes()[: RATE + 44])
    clip = measure(str(path))
    assert (clip.problem, clip.reason) == ("truncated", "lacks 50 % of its sound")


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "mp3", "ogg"])
def test_a_whole_file_has_no_problem(tmp_path: Path, suffix: str) -> None:
    assert measured(tmp_path / f"clip.{suffix}").problem == ""


def test_a_recorder_that_did_not_know_the_length_truncates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, TONE, RATE)
    content = path.read_bytes()
    path.write_bytes(content[:40] + b"\xff" * 4 + content[44:])
    assert measure(str(path)).problem == ""


def test_a_flac_with_broken_frames_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "clip.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 4 * RATE), RATE)
    content = bytearray(path.read_bytes())
    content[40000:40050] = bytes(50)
    path.write_bytes(content)
    assert measure(str(path)).problem == "unreadable"


@pytest.mark.parametrize(("value", "reason"), [(np.nan, "not finite numbers"), (9.0, "up to 9")])
def test_samples_that_are_no_sound_are_unreadable(tmp_path: Path, value: float, reason: str) -> None:
    clip = measured(tmp_path / "clip.wav", np.full(800, value), subtype="FLOAT")
    assert clip.problem == "unreadable"
    assert reason in clip.reason


def test_too_long_a_file_is_not_decoded(tmp_path: Path) -> None:
    clip = measured(tmp_path / "clip.wav", np.full(61 * 100, 0.1), 100)
    assert (clip.seconds, clip.audio_sha256) == (61.0, "")


def test_offset_is_no_level(tmp_path: Path) -> None:
    clip = measured(tmp_path / "clip.wav", np.full(800, 0.5), subtype="FLOAT")
    assert (clip.peak, clip.dc_offset, clip.rms_db) == (0.5, 0.5, None)


def test_offset_is_the_mean(tmp_path: Path) -> None:
    assert measured(tmp_path / "clip.wav", TONE + 0.1).dc_offset == pytest.approx(0.1, abs=1e-4)


def test_three_samples_in_a_row_at_full_scale_are_clipped() -> None:
    samples = np.array([0, 1, 1, 1, 0, 1, 1, 0, -1, 0], np.float32)[:, None]
    assert clipped_share(samples) == pytest.approx(0.3)


def test_clipping_is_sought_in_every_channel_by_itself() -> None:
    left, right = np.array([0, 1, 1, 0, 0], np.float32), np.array([0, 0, 0, 1, 1], np.float32)
    assert clipped_share(np.stack([left, right], axis=1)) == 0
    assert clipped_share(np.ones((4, 2), np.float32)) == 1


def test_unknown_content_has_no_container() -> None:
    assert container_of(b"hello") == ""


def test_files_come_back_in_their_order_from_several_processes(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.wav" for n in range(20)]
    for n, path in enumerate(paths):
        soundfile.write(path, TONE[: 800 + n], RATE)
    clips = measure_files(list(map(str, paths)), workers=2)
    assert [clip.path for clip in clips] == list(map(str, paths))
    assert [round(clip.seconds * RATE) for clip in clips] == list(range(800, 820))


def test_fewer_than_no_workers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="workers -1"):
        measure_files([], workers=-1)
