"""Recordings of any common format as streams of blocks, so that hours of sound take no more memory than a minute."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emospec.errors import AudioError
from emospec.files import LFS_POINTER
from emospec.riff import promise_of

if TYPE_CHECKING:  # slow to import, seldom needed
    import av

Waveform = NDArray[np.float32]

MAX_PEAK = 4.0  # decoders and resamplers overshoot by less
RATES = (1_000, 768_000)  # Hz
BLOCK_SAMPLES = 2**20  # of all channels together
UNKNOWN_FRAMES = 2**60  # libsndfile tells more, and can't read on, where a streamed FLAC doesn't say how long it is
LOST_SECONDS = 0.1  # headers promise a little more than there is in files that are whole

# How the files begin that libsndfile reads well: WAV, AIFF, FLAC, OGG and Opus, CAF, AU, W64, SPHERE, VOC. MP3 is not
# among them: of those without an exact header it drops the end, and of several joined ones all but the first.
BY_LIBSNDFILE = (
    b"RIFF",
    b"RIFX",
    b"RF64",
    b"FORM",
    b"fLaC",
    b"OggS",
    b"caff",
    b".snd",
    b"riff",
    b"NIST_1A",
    b"Creative",
)

# FFmpeg knows playlists and lists of files too, which would make it open whatever they name.
CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,"
    "mpeg,mpegts,mxf,nut,ogg,oma,rm,tta,voc,w64,wav,wv"
)
ADDRESS = re.compile(r"(https?|ftps?|sftp|s3|gs|data|rtmps?|rtsp|smb):/+", re.IGNORECASE)
# Whose length FFmpeg estimates by the bit rate of the beginning, which may change.
BY_BIT_RATE = frozenset({"aac", "ac3", "dts", "eac3", "mp3"})


@dataclass(frozen=True)
class Recording:
    """A recording that is open.

    Attributes
    ----------
    seconds : float, optional
        What its header says; None where it says nothing, as in a browser's stream.
    blocks : iterator of float32, shape (n_samples, channels)
        What is left to be read; none is empty.
    """

    path: Path
    sample_rate: int
    channels: int
    seconds: float | None
    blocks: Iterator[Waveform]


@contextmanager
def open_recording(path: str | Path) -> Iterator[Recording]:
    """Open a recording, by libsndfile or else by FFmpeg.

    Raises
    ------
    AudioError
        If the file is missing or no audio; while it is read, also if it is damaged or cut short.
    """
    path = Path(path)
    beginning = checked_beginning(path)
    with ExitStack() as stack:
        recording = _by_libsndfile(path, stack) if beginning.startswith(BY_LIBSNDFILE) else None
        recording = recording or by_ffmpeg(path, stack)
        if not RATES[0] <= recording.sample_rate <= RATES[1]:
            raise AudioError(
                f"{path} has a sample rate of {recording.sample_rate} Hz; expected {RATES[0]} to {RATES[1]} Hz"
            )
        yield recording


def checked_beginning(path: Path) -> bytes:
    """Return the first bytes of a file; raise for what can be told to be no audio before it is decoded."""
    # Path.exists would fail for names that are too long. A pipe would be waited for without end.
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        raise AudioError(f"{path} is no file; expected a recording")
    try:
        with path.open("rb") as file:
            start = file.read(len(LFS_POINTER))
    except (OSError, ValueError) as error:  # ValueError: a name with a zero in it
        if found := ADDRESS.match(str(path)):
            address = f"{found[1]}://{str(path)[found.end() :]}"  # a path has lost one of the slashes
            raise AudioError(f"{address} is an address, which emospec doesn't fetch; download it first") from None
        reason = error.strerror if isinstance(error, OSError) else error
        raise AudioError(f"{path} cannot be opened ({reason}); is the path right?") from None
    if start == LFS_POINTER:
        raise AudioError(f"{path} is a Git-LFS pointer, not audio; fetch the recordings with `git lfs pull`")
    if not start:
        raise AudioError(f"{path} is empty; copy it again")
    return start


def _by_libsndfile(path: Path, stack: ExitStack) -> Recording | None:
    import soundfile

    name = os.fsencode(path) if os.name == "posix" else path  # names may hold bytes that are no text
    try:
        file = stack.enter_context(soundfile.SoundFile(name))
    except (soundfile.LibsndfileError, TypeError):  # TypeError: a file named .raw
        return None
    promise = promise_of(path)
    if promise and promise.is_broken:
        raise AudioError(
            f"{path} is cut short: its header promises {promise.expected} bytes of sound, {promise.found} are there; "
            "copy it again"
        )
    if file.frames >= UNKNOWN_FRAMES:
        return None
    seconds = file.frames / file.samplerate
    return Recording(path, file.samplerate, file.channels, seconds, _blocks_of(file, path))


def _blocks_of(file: Any, path: Path) -> Iterator[Waveform]:
    import soundfile

    at_once, n_read = max(1024, BLOCK_SAMPLES // file.channels), 0
    try:
        while len(block := file.read(at_once, dtype="float32", always_2d=True)):
            n_read += len(block)
            yield block
    except soundfile.LibsndfileError as error:
        raise _damaged(path, n_read / file.samplerate, str(error).rstrip(".")) from None
    if n_read < file.frames - LOST_SECONDS * file.samplerate:
        raise _cut_short(path, file.frames / file.samplerate, n_read / file.samplerate)


def _damaged(path: Path, seconds: float, reason: str) -> AudioError:
    return AudioError(f"{path} is damaged after {seconds:.3g} s ({reason}); copy it again")


def _cut_short(path: Path, promised: float, found: float) -> AudioError:
    return AudioError(
        f"{path} is cut short: its header promises {promised:.6g} s, {found:.6g} s are there; copy it again"
    )


def by_ffmpeg(path: Path, stack: ExitStack) -> Recording:
    """Open what libsndfile does not know, such as M4A, WebM and films."""
    import av

    try:
        container = stack.enter_context(_container(path))
    except av.FFmpegError as error:
        raise _no_recording(path, error.strerror or str(error)) from None
    stream = _first_that_can_be_decoded(container, path)
    estimated = container.format.name in BY_BIT_RATE and not _has_length(path)
    seconds = container.duration / av.time_base if container.duration and not estimated else None
    return Recording(path, stream.sample_rate, stream.channels, seconds, _blocks_by_ffmpeg(container, stream, path))


def _container(path: Path) -> "av.container.InputContainer":
    """Open a file by FFmpeg; old tags are no UTF-8, and of no use here."""
    import av

    # Since version 19, PyAV takes any tags by itself, and refuses this argument.
    lenient: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
    # Not `options`, which go to each stream too: PyAV up to 17 crashes on FLV and MPEG, which tell of none at first.
    options = {"format_whitelist": CONTAINERS}
    # Absolute, or "12:30.m4a" would be asked for by a protocol named 12.
    container: av.container.InputContainer = av.open(path.absolute(), container_options=options, **lenient)
    return container


def _first_that_can_be_decoded(container: "av.container.InputContainer", path: Path) -> "av.AudioStream":
    """Return the first stream of sound that FFmpeg can decode; one of an unknown codec has no `codec_context`."""
    streams = container.streams.audio
    known = (each for each in streams if each.codec_context is not None and each.sample_rate)
    if stream := next(known, None):
        return stream
    is_unknown = any(each.codec_context is None for each in streams)
    raise _no_recording(path, "its sound is of a codec that FFmpeg cannot decode" if is_unknown else "no audio in it")


def _no_recording(path: Path, reason: str) -> AudioError:
    return AudioError(f"{path} cannot be read as audio ({reason}); expected WAV, FLAC, MP3, OGG, M4A or the like")


def _blocks_by_ffmpeg(
    container: "av.container.InputContainer", stream: "av.AudioStream", path: Path
) -> Iterator[Waveform]:
    import av

    n_read = 0
    try:
        # Channels side by side, not in planes: PyAV up to 18 crashes on eight of those and more.
        as_float = av.AudioResampler(format="flt", layout=stream.layout, rate=stream.sample_rate)
        for frame in chain(_frames(container, stream), [None]):
            for converted in as_float.resample(frame):
                if converted is not None and converted.samples:
                    n_read += converted.samples
                    yield np.asarray(converted.to_ndarray(), np.float32).reshape(-1, stream.channels)
    except (av.FFmpegError, ValueError) as error:  # ValueError: the number of channels or the rate changes
        raise _damaged(path, n_read / stream.sample_rate, getattr(error, "strerror", str(error))) from None
    promised, found = _promised_seconds(container, stream, path), n_read / stream.sample_rate
    if found < promised - max(LOST_SECONDS, promised / 100):
        raise _cut_short(path, promised, found)


def _frames(container: "av.container.InputContainer", stream: "av.AudioStream") -> Iterator["av.AudioFrame"]:
    """Yield all that is decoded of a stream."""
    with suppress(IndexError):  # PyAV up to 18, after the last one, where streams have come up on the way
        yield from container.decode(stream)


def _promised_seconds(container: "av.container.InputContainer", stream: "av.AudioStream", path: Path) -> float:
    """Return the length that the header of an M4A, MP4, MOV or MP3 states; 0 where FFmpeg can only estimate it."""
    states = "mov" in container.format.name or (container.format.name == "mp3" and _has_length(path))
    if not states or stream.duration is None or stream.time_base is None:
        return 0.0
    return float(stream.duration * stream.time_base)


def _has_length(path: Path) -> bool:
    """Tell whether an MP3 has the frame, before those with sound, in which encoders note how many there are."""
    with path.open("rb") as file:
        beginning = file.read(2**18)  # a picture may lie before
    return b"Xing\0\0\0" in beginning or b"Info\0\0\0" in beginning


def checked(blocks: Iterable[Waveform], path: object) -> Iterator[Waveform]:
    """Yield blocks in which each sample is a sound pressure; raise for what is no finite number or out of scale."""
    for block in blocks:
        peak = max(block.max(), -block.min())
        if not np.isfinite(peak):
            raise AudioError(f"{path} holds samples that are not finite numbers; export it again")
        if peak > MAX_PEAK:
            raise AudioError(f"{path} has samples up to {peak:.3g}; expected -1 to 1: divide by the full scale")
        yield block


def mono(block: Waveform, channel: int | None = None) -> Waveform:
    """Return the mean of the channels, or one of them, counted from 1: shape (n_samples,)."""
    if channel is not None:
        return block[:, channel - 1]
    return block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)


def check_channel(channel: int | None, channels: int, path: object) -> None:
    """Raise unless there is such a channel; None is the mean of all."""
    if channel is not None and not 1 <= channel <= channels:
        there = "only channel 1" if channels == 1 else f"channels 1 to {channels}"
        raise AudioError(f"{path} has {there}, channel {channel} was asked for; leave it out for the mean of all")


def resampled_blocks(blocks: Iterable[Waveform], from_rate: int, to_rate: int) -> Iterator[Waveform]:
    """Yield mono blocks at another rate, in [-1, 1]."""
    if from_rate == to_rate:
        yield from (np.clip(block, -1, 1) for block in blocks)
        return
    import soxr

    stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield np.clip(stream.resample_chunk(block), -1, 1)
    yield np.clip(stream.resample_chunk(np.zeros(0, np.float32), last=True), -1, 1)
