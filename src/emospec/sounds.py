"""What a user hands over as sound, a file or a waveform, as one clip or as a stream."""

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emospec.audio import MAX_SECONDS, fitted, read_audio
from emospec.errors import AudioError, ConfigError, ScoreError
from emospec.recordings import RATES, Waveform, check_channel, checked, mono, open_recording

Sound = str | Path | NDArray[Any]

BLOCK = 2**20  # samples of a waveform at once
NAME = "the waveform"
FULL_SCALES = {"f2": 1.0, "f4": 1.0, "f8": 1.0, "i2": 2.0**15, "i4": 2.0**31}  # by the kind of the samples


class Source(NamedTuple):
    """A sound as a user gives it: a file or a waveform, the rate of a waveform, and the channel that counts."""

    sound: Sound
    sample_rate: int | None = None
    channel: int | None = None


class Stream(NamedTuple):
    """A sound as it is read: what errors call it, its own rate, and mono blocks that have been checked."""

    name: str
    sample_rate: int
    blocks: Iterator[Waveform]


@contextmanager
def naming(sound: Sound) -> Iterator[None]:
    """Let the error of a model that gives no numbers name the sound: by its path, or as the waveform."""
    try:
        yield
    except ScoreError as error:
        name = sound if isinstance(sound, str | Path) else NAME
        raise ScoreError(f"{name}: {error}") from None


@contextmanager
def opened(source: Source) -> Iterator[Stream]:
    """Open a sound of any length.

    Raises
    ------
    AudioError
        If it cannot be read; also later, while it is.
    ConfigError
        If it is no sound, comes without its rate, or has no such channel.
    """
    if not isinstance(source.sound, str | Path):
        channels, rate = as_channels(source.sound), rate_of(source)
        blocks = (channels[start : start + BLOCK] for start in range(0, len(channels), BLOCK))
        yield _stream(NAME, rate, channels.shape[1], blocks, source.channel)
        return
    check_no_rate(source)
    with open_recording(source.sound) as recording:
        yield _stream(str(source.sound), recording.sample_rate, recording.channels, recording.blocks, source.channel)


def _stream(name: str, rate: int, channels: int, blocks: Iterator[Waveform], channel: int | None) -> Stream:
    check_channel(channel, channels, name)
    return Stream(name, rate, (mono(block, channel) for block in checked(blocks, name)))


def whole_clip(source: Source, sample_rate: int) -> Waveform:
    """Return a sound as a mono waveform at `sample_rate`; `read_audio` says what is refused."""
    if isinstance(source.sound, str | Path):
        check_no_rate(source)
        return read_audio(source.sound, sample_rate, channel=source.channel)
    with opened(source) as stream:
        clip = np.concatenate([*stream.blocks, np.zeros(0, np.float32)])
    if len(clip) > MAX_SECONDS * stream.sample_rate:
        raise AudioError(f"{NAME} is {len(clip) / stream.sample_rate:.6g} s long; expected at most {MAX_SECONDS:g} s")
    return fitted(clip, stream.sample_rate, sample_rate, NAME)


def check_no_rate(source: Source) -> None:
    """Raise where a rate is given to a file."""
    if source.sample_rate is not None:
        raise ConfigError(f"{source.sound} states its own sample rate; give one with waveforms alone")


def rate_of(source: Source) -> int:
    """Return the rate of a waveform, which has to be given."""
    rate = source.sample_rate
    if not isinstance(rate, int | float | np.integer) or not RATES[0] <= rate <= RATES[1] or rate != round(rate):
        raise ConfigError(
            f"a waveform came with sample rate {rate}; expected its own in Hz, as in predict(waveform, 44100)"
        )
    return int(rate)


def check_kind(sound: object) -> None:
    """Raise for what is neither a path nor an array, such as bytes and open files."""
    if not (hasattr(sound, "__array__") or isinstance(sound, list | tuple | array)):
        what = "None" if sound is None else type(sound).__name__
        raise ConfigError(
            f"{what} is neither a path nor an array; expected the path of a recording, or a waveform with its sample "
            "rate, as soundfile.read gives both of an open file"
        )


def as_channels(sound: Any) -> Waveform:
    """Return a waveform as float32 of shape (n_samples, channels); whole numbers are divided by their full scale."""
    check_kind(sound)
    samples = np.asarray(sound)
    channels, kind = samples[:, np.newaxis] if samples.ndim == 1 else samples, samples.dtype.str[1:]
    if channels.ndim != 2 or channels.shape[1] > max(len(channels), 1) or kind not in FULL_SCALES:
        raise ConfigError(
            f"the waveform is {samples.dtype} of shape {samples.shape}; expected floats in [-1, 1] (or int16, int32) "
            "of shape (n_samples,) or (n_samples, channels)"
        )
    return np.asarray(channels / FULL_SCALES[kind], np.float32)
