"""The settings that define a log-Mel spectrogram and its picture; light, so that the command line can list them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from emospec.errors import ConfigError

Length = Literal["pad", "stretch"]


@dataclass(frozen=True)
class MelConfig:
    """Everything that defines the features and the picture; it travels with every image set and model.

    The default scale: a full-scale tone reaches 34 dB, and none of 1,055 clips of CREMA-D and TESS exceeds 33 dB, so
    that nothing is cut at the top; below -60 dB lie 13 % and 18 % of their cells, which are pauses and empty bands.

    Attributes
    ----------
    sample_rate : Hz
        Audio is resampled to it.
    n_fft : samples
        Length of the Fourier transform.
    win_length : samples
        Length of the Hann window; at most n_fft.
    hop_length : samples
        Distance from one frame to the next.
    n_mels : int
        Number of bands, on Slaney's Mel scale as in librosa.
    fmin : Hz
        Lower end of the lowest band.
    fmax : Hz
        Upper end of the highest band; half the sample rate unless given.
    floor_db : dB re 1.0
        Lower end of the scale, 0 in a grey image; quieter cells are raised to it.
    ceiling_db : dB re 1.0
        Upper end of the scale, 255 in a grey image; louder cells are lowered to it.
    height : pixels
        Of the image; bands are interpolated if n_mels differs.
    width : pixels
        Of the image.
    length : "pad" or "stretch"
        pad centres a clip on silence, or cuts its middle out; stretch squeezes the whole clip into the width.
    top_db : dB, optional
        Cells more than this below the clip's loudest are raised to that level; off unless given.
    """

    sample_rate: int = 16000
    n_fft: int = 1024
    win_length: int = 1024
    hop_length: int = 640
    n_mels: int = 77
    fmin: float = 0.0
    fmax: float | None = None
    floor_db: float = -60.0
    ceiling_db: float = 35.0
    height: int = 77
    width: int = 77
    length: Length = "pad"
    top_db: float | None = None

    def __post_init__(self) -> None:
        """Refuse values that make no spectrogram."""
        whole = ("sample_rate", "n_fft", "win_length", "hop_length", "n_mels", "height", "width")
        wrong = [name for name in whole if type(getattr(self, name)) is not int or getattr(self, name) < 1]
        _check(not wrong, f"Mel settings {', '.join(wrong)} must be positive whole numbers")
        optional = [name for name in ("fmax", "top_db") if getattr(self, name) is not None]
        numbers = ("fmin", *optional, "floor_db", "ceiling_db")
        wrong = [name for name in numbers if not _is_number(getattr(self, name))]
        _check(not wrong, f"Mel settings {', '.join(wrong)} must be finite numbers")
        _check(self.win_length <= self.n_fft, f"win_length {self.win_length} is longer than n_fft {self.n_fft}")
        _check(
            0 <= self.fmin < self.top_frequency <= self.sample_rate / 2,
            f"fmin {self.fmin} and fmax {self.fmax} must lie within 0 and {self.sample_rate / 2:g} Hz, fmin below fmax",
        )
        _check(self.floor_db < self.ceiling_db, f"floor_db {self.floor_db} must be below ceiling_db {self.ceiling_db}")
        _check(self.length in ("pad", "stretch"), f"length {self.length!r} must be 'pad' or 'stretch'")
        _check(self.top_db is None or self.top_db > 0, f"top_db {self.top_db} must be positive, or None")

    @property
    def top_frequency(self) -> float:
        """Upper end of the highest band in Hz."""
        return self.sample_rate / 2 if self.fmax is None else self.fmax

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, ready for JSON or TOML."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a configuration from the fields of `to_dict`; absent ones keep their defaults."""
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        _check(not unknown, f"unknown Mel settings {', '.join(unknown)}; known: {', '.join(known)}")
        return cls(**values)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


# Found on the notebook's stored images of TESS: the number of distinct columns gives the hop (512 samples at
# 22,050 Hz, librosa's defaults); with these settings the mean difference from 64 stored pictures is 0.00003 of 255.
NOTEBOOK_MEL = MelConfig(
    sample_rate=22050,
    n_fft=2048,
    win_length=2048,
    hop_length=512,
    n_mels=128,
    fmax=8000.0,
    floor_db=-100.0,
    ceiling_db=60.0,
    length="stretch",
    top_db=80.0,
)
