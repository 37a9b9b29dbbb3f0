import os
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from emospec.audio import read_audio
from emospec.errors import AudioError


def tone(seconds: float = 0.5, sample_rate: int = 16000, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * sample_rate)) / sample_rate)


def write(path: Path, samples: np.ndarray, sample_rate: int = 16000, **options: str) -> Path:
    soundfile.write(path, samples, sample_rate, **options)
    return path


def write_by_ffmpeg(path: Path, codec: str, samples: np.ndarray, sample_rate: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=sample_rate, layout="mono")
        whole = (samples[np.newaxis] * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="s16", layout="mono")
        frame.sample_rate, frame.pts = sample_rate, 0
        fitting = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=sample_rate)
        for piece in [*fitting.resample(frame), *fitting.resample(None), None]:
            container.mux(stream.encode(piece))
    return path


def error_of(path: Path, **options: float) -> str:
    with pytest.raises(AudioError) as caught:
        read_audio(path, 16000, **options)
    return str(caught.value)


def test_a_waveform_is_mono_float32_at_the_rate_that_was_asked_for(tmp_path):
    waveform = read_audio(write(tmp_path / "a.wav", tone(0.5, 22050), 22050), 16000)
    assert (waveform.shape, waveform.dtype) == ((8000,), np.float32)


def test_a_resampled_tone_is_the_same_tone(tmp_path):
    waveform = read_audio(write(tmp_path / "a.wav", tone(0.5, 44100), 44100, subtype="FLOAT"), 16000)
    np.testing.assert_allclose(waveform[500:-500], tone(0.5)[500:-500], atol=1e-3)


def test_channels_are_averaged(tmp_path):
    both = np.stack([tone(), np.zeros(8000)], axis=1)
    waveform = read_audio(write(tmp_path / "a.wav", both, subtype="FLOAT"), 16000)
    np.testing.assert_allclose(waveform, tone() / 2, atol=1e-6)


def test_no_sample_lies_outside_one(tmp_path):
    waveform = read_audio(write(tmp_path / "a.wav", 3 * tone(), subtype="FLOAT"), 16000)
    assert np.abs(waveform).max() == 1


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_common_formats_are_read(tmp_path, suffix):
    waveform = read_audio(write(tmp_path / f"a.{suffix}", tone()), 16000)
    assert np.sqrt(np.mean(waveform**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize(("suffix", "codec", "sample_rate"), [("m4a", "aac", 44100), ("webm", "libopus", 48000)])
def test_formats_of_phones_and_browsers_are_read(tmp_path, suffix, codec, sample_rate):
    path = write_by_ffmpeg(tmp_path / f"a.{suffix}", codec, tone(1.0, sample_rate), sample_rate)
    waveform = read_audio(path, 16000)
    assert np.sqrt(np.mean(waveform[4000:12000] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_aiff_in_a_file_named_wav_is_read(tmp_path):
    path = write(tmp_path / "a.aiff", tone()).rename(tmp_path / "a.wav")
    assert len(read_audio(path, 16000)) == 8000


def test_a_git_lfs_pointer_is_called_so(tmp_path):
    path = tmp_path / "a.wav"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", encoding="ascii")
    assert "Git-LFS pointer" in error_of(path)


@pytest.mark.parametrize("content", [b"", b"no audio at all", b"RIFF\x00\x00\x00\x00WAVE", b"\x00" * 5000])
def test_a_file_that_is_no_audio_is_refused_by_name(tmp_path, content):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert str(path) in error_of(path)


def test_a_file_named_raw_is_refused_by_name(tmp_path):
    (tmp_path / "a.raw").write_bytes(b"\x01\x02" * 5000)
    assert "a.raw" in error_of(tmp_path / "a.raw")


@pytest.mark.parametrize("name", ["none.wav", "."])
def test_a_path_that_is_no_file_is_refused(tmp_path, name):
    assert {"none.wav": "cannot be opened", ".": "is no file"}[name] in error_of(tmp_path / name)


def test_three_milliseconds_are_too_short(tmp_path):
    assert "is 3 ms long; expected at least 25 ms" in error_of(write(tmp_path / "a.wav", tone(0.003)))


def test_a_long_recording_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    path = write(tmp_path / "a.flac", np.zeros(3 * 3600 * 8000, np.int16), 8000)
    monkeypatch.delattr(soundfile.SoundFile, "read")
    assert "is 10800 s long; expected at most 60 s" in error_of(path)


def test_a_stream_that_hides_its_length_is_refused_as_soon_as_it_is_too_long(tmp_path):
    path = write_by_ffmpeg(tmp_path / "a.m4a", "aac", tone(3.0, 44100), 44100)
    streamed = tmp_path / "a.aac"
    with av.open(str(path)) as source, av.open(str(streamed), "w", format="adts") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert "expected at most 1 s" in error_of(streamed, max_seconds=1.0)


@pytest.mark.parametrize("level", [0.0, 5e-5])
def test_silence_is_refused(tmp_path, level):
    assert "is silent" in error_of(write(tmp_path / "a.wav", level * tone(), subtype="FLOAT"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused(tmp_path, value):
    samples = tone()
    samples[100] = value
    assert "not finite" in error_of(write(tmp_path / "a.wav", samples, subtype="FLOAT"))


def test_samples_on_the_scale_of_integers_are_refused(tmp_path):
    assert "divide by the full scale" in error_of(write(tmp_path / "a.wav", 32768 * tone(), subtype="FLOAT"))


def test_an_error_is_one_line(tmp_path):
    assert "\n" not in error_of(write(tmp_path / "a.wav", np.zeros(8000)))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="is no file"):
        read_audio(tmp_path / "pipe.wav", 16000)
