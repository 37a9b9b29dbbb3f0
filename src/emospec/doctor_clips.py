"""The measurements of one audio file, and one parallel pass over many: no waveform outlives its file."""

import hashlib
import math
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from emospec.audio import MAX_PEAK, Waveform, decode_by_ffmpeg
from emospec.engine import map_in_parallel
from emospec.errors import AudioError
from emospec.files import LFS_POINTER

MAX_SECONDS = 60.0  # longer files are not decoded
FULL_SCALE = 0.999
CLIPPED_RUN = 3  # samples in a row at full scale
MISSING = 0.01  # share of the promised sound that may be absent: sloppy headers are common
UNKNOWN_LENGTH = 0x7FFFF000  # what recorders write as length before they know it, and above

Problem = Literal["", "pointer", "unreadable", "truncated"]


class Measurement(NamedTuple):
    """What one file is; numbers are None where it could not be decoded, `rms_db` also where it is all silence.

    Attributes
    ----------
    container : str
        By content, not by name: WAV, AIFF, FLAC, OGG, MP3, MP4, WEBM ..., or empty if unknown.
    encoding : str
        How the samples are stored, in the words of libsndfile: PCM_16, FLOAT ...
    audio_sha256 : str
        Of the sample rate and the mono samples as float32: equal for equal sound in WAV and FLAC.
    peak, dc_offset : float
        Of the mean of the channels, full scale is 1.
    rms_db : dB of full scale
        Without the DC offset.
    clipped : float
        Share of samples in runs of `CLIPPED_RUN` or more at full scale.
    problem, reason : str
        Why the file cannot be used, or not as it is.
    """

    path: str
    n_bytes: int = 0
    sha256: str = ""
    container: str = ""
    encoding: str = ""
    sample_rate: int | None = None
    channels: int | None = None
    seconds: float | None = None
    audio_sha256: str = ""
    peak: float | None = None
    rms_db: float | None = None
    dc_offset: float | None = None
    clipped: float | None = None
    problem: Problem = ""
    reason: str = ""


class _Sound(NamedTuple):
    sample_rate: int
    channels: int
    seconds: float
    samples: Waveform | None  # shape (n_samples, channels); None: too long to be decoded
    encoding: str = ""
    missing: float = 0.0  # share of the samples that its header promises


def measure_files(paths: Sequence[str], *, workers: int = 1) -> list[Measurement]:
    """Measure files in their order, in one or (`workers` 0) all processes, with a progress bar."""
    return [result for _, result in map_in_parallel(measure, paths, workers=workers, progress="files")]


def measure(path: str) -> Measurement:
    """Open a file once, hash it, decode it once and measure it; what is wrong with it is in `problem`."""
    if Path(path).exists() and not Path(path).is_file():  # opening a named pipe waits for ever
        kind = "a folder" if Path(path).is_dir() else "a pipe or a device"
        return Measurement(path, problem="unreadable", reason=f"is {kind}, not a file")
    try:
        with Path(path).open("rb") as file:
            return _measure(path, file)
    except OSError as error:
        return Measurement(path, problem="unreadable", reason=f"cannot be opened ({error.strerror})")


def _measure(path: str, file: BufferedReader) -> Measurement:
    head = file.read(64)
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    known = Measurement(path, file.tell(), sha256, container_of(head))
    if not head:
        return known._replace(problem="unreadable", reason="is empty")
    if head.startswith(LFS_POINTER):
        return known._replace(problem="pointer", reason="is a Git-LFS pointer")
    missing = _missing_bytes(file, head, known.n_bytes)
    try:
        sound = _decode(path, file, known.container)
        return _with_sound(known, sound._replace(missing=max(missing, sound.missing)))
    except AudioError as error:
        reason = f"is {known.container}, not audio" if known.container in NO_AUDIO else _own_words(error, path)
        return known._replace(problem="unreadable", reason=reason)


NO_AUDIO = ("a web page", "a ZIP archive", "a RAR archive", "a gzip archive")
MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (8, b"WAVE", "WAV"), (8, b"AIFF", "AIFF"), (8, b"AIFC", "AIFF"), (0, b"fLaC", "FLAC"), (0, b"OggS", "OGG"),
    (4, b"ftyp", "MP4"), (0, b"\x1a\x45\xdf\xa3", "WEBM"), (0, b"caff", "Core Audio"), (0, b"NIST_1A", "NIST"),
    (0, b".snd", "AU"), (0, b"ID3", "MP3"), (0, b"\xff\xf1", "AAC"), (0, b"\xff\xf9", "AAC"), (0, b"\xff\xfb", "MP3"),
    (0, b"\xff\xf3", "MP3"), (0, b"\xff\xf2", "MP3"), (0, b"\xff\xfa", "MP3"), (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"), (0, b"\x1f\x8b", "a gzip archive"), (0, b"<", "a web page"),
)  # fmt: skip


def container_of(head: bytes) -> str:
    """Return the container that a file's first bytes tell, or nothing if they are not known."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip() if b"<" in head[:8] else head
    return next((name for place, magic, name in MAGIC if text[place:].startswith(magic)), "")


def _missing_bytes(file: BufferedReader, head: bytes, n_bytes: int) -> float:
    """Return the share of the sound that a WAV or AIFF header promises and the file does not hold."""
    order: Literal["little", "big"] = "little" if head.startswith(b"RIFF") else "big"
    file.seek(12 if container_of(head) in ("WAV", "AIFF") else n_bytes)
    while len(header := file.read(8)) == 8:
        name, length = header[:4], int.from_bytes(header[4:], order)
        if name in (b"data", b"SSND"):
            known = 0 < length < UNKNOWN_LENGTH
            return max(0.0, 1 - (n_bytes - file.tell()) / length) if known else 0.0
        file.seek(length + length % 2, 1)
    return 0.0


def _decode(path: str, file: BufferedReader, container: str) -> _Sound:
    file.seek(0)
    try:
        with soundfile.SoundFile(file) as opened:
            return _read(opened)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: a file named .raw
        samples, sample_rate = decode_by_ffmpeg(Path(path), MAX_SECONDS)
        if container == "FLAC":  # libsndfile reads every whole one
            raise AudioError(f"is damaged ({str(error).strip('. ') or 'its end is missing'})") from None
        return _Sound(sample_rate, samples.shape[1], len(samples) / sample_rate, samples)


def _read(file: soundfile.SoundFile) -> _Sound:
    seconds = file.frames / file.samplerate
    if seconds > MAX_SECONDS:
        return _Sound(file.samplerate, file.channels, seconds, None, file.subtype)
    samples = file.read(dtype="float32", always_2d=True)
    missing = 1 - len(samples) / file.frames if file.frames else 0.0
    return _Sound(file.samplerate, file.channels, len(samples) / file.samplerate, samples, file.subtype, missing)


def _with_sound(known: Measurement, sound: _Sound) -> Measurement:
    known = known._replace(
        encoding=sound.encoding, sample_rate=sound.sample_rate, channels=sound.channels, seconds=sound.seconds
    )
    if sound.samples is None:
        return known
    if not sound.samples.size:
        return known._replace(problem="unreadable", reason="holds no sound")
    if sound.missing > MISSING:
        known = known._replace(problem="truncated", reason=f"lacks {100 * sound.missing:.0f} % of its sound")
    return _with_levels(known, sound.samples, sound.sample_rate)


def _with_levels(known: Measurement, samples: Waveform, sample_rate: int) -> Measurement:
    mono = np.ascontiguousarray(samples.mean(axis=1) if samples.shape[1] > 1 else samples[:, 0])
    peak = float(max(mono.max(), -mono.min()))
    if not math.isfinite(peak):
        return known._replace(problem="unreadable", reason="holds samples that are not finite numbers")
    if peak > MAX_PEAK:
        return known._replace(problem="unreadable", reason=f"has samples up to {peak:.3g}, where full scale is 1")
    dc_offset = float(mono.mean(dtype=np.float64))
    power = float(np.square(mono - np.float32(dc_offset)).mean(dtype=np.float64))
    return known._replace(
        audio_sha256=hashlib.sha256(sample_rate.to_bytes(8, "little") + (mono + np.float32(0)).tobytes()).hexdigest(),
        peak=peak,
        rms_db=10 * math.log10(power) if power > 0 else None,
        dc_offset=dc_offset,
        clipped=clipped_share(samples),
    )


def clipped_share(samples: NDArray[np.float32]) -> float:
    """Return the share of samples, shape (n_samples, channels), that stand in runs of three or more at full scale."""
    at_end = np.abs(samples) >= FULL_SCALE
    if at_end.sum() < CLIPPED_RUN:
        return 0.0
    edges = np.diff(np.pad(at_end, ((1, 1), (0, 0))).astype(np.int8), axis=0).T
    lengths = np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
    return float(lengths[lengths >= CLIPPED_RUN].sum() / samples.size)


def _own_words(error: AudioError, path: str) -> str:
    return str(error).removeprefix(f"{path} ").partition("; expected")[0]
