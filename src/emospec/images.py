"""Log-Mel spectrograms as pixels and back, and PNG files."""

import io
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emospec import png
from emospec.errors import ConfigError, ImageSetError
from emospec.files import whole_file
from emospec.mel import NOTEBOOK_MEL, MelConfig
from emospec.spectrogram import Spectrogram, log_mel_spectrogram

Style = Literal["gray", "notebook"]
Pixels = NDArray[np.uint8]

DEFAULT_MEL: dict[str, MelConfig] = {"gray": MelConfig(), "notebook": NOTEBOOK_MEL}  # by style

# Width in pixels of the axes in a Matplotlib figure of 1 x 1 inch; `savefig(bbox_inches="tight")`, which the notebook
# used, keeps the first 77 of them.
NOTEBOOK_AXES_WIDTH = 77.5


class Picture(NamedTuple):
    """An image as its file holds it: greys, or positions in a palette of colours."""

    entries: Pixels  # shape (height, width)
    palette: Pixels | None = None  # shape (256, 3)

    @property
    def pixels(self) -> Pixels:
        """The image itself; see `to_image`."""
        return self.entries if self.palette is None else self.palette.take(self.entries, axis=0)

    @property
    def png(self) -> bytes:
        """The bytes of its file."""
        return png.encode(self.entries, self.palette)


def to_image(waveform: NDArray[np.floating], mel: MelConfig, style: Style = "gray") -> Pixels:
    """Draw the spectrogram of one clip; low frequencies are at the bottom.

    Parameters
    ----------
    waveform : shape (n_samples,), in [-1, 1], at `mel.sample_rate`

    Returns
    -------
    uint8, shape (height, width) for `gray` and (height, width, 3) for `notebook`
    """
    return draw(waveform, mel, style).pixels


def draw(waveform: NDArray[np.floating], mel: MelConfig, style: Style) -> Picture:
    """Draw the spectrogram of one clip; see `to_image`."""
    check_style(style, mel)
    log_mel = log_mel_spectrogram(waveform, mel)
    if style == "gray":
        return Picture(gray_image(log_mel, mel))
    return notebook_picture(log_mel, mel, axes_width=mel.width * NOTEBOOK_AXES_WIDTH / NOTEBOOK_MEL.width)


def check_style(style: str, mel: MelConfig | None = None) -> None:
    """Raise unless `style` is known and reads every setting of `mel`."""
    if style not in DEFAULT_MEL:
        raise ConfigError(f"unknown style {style!r}; choose one of {', '.join(DEFAULT_MEL)}")
    if style == "notebook" and mel is not None and mel.length != "stretch":
        raise ConfigError(
            f"style notebook always draws the whole clip: length {mel.length!r} has no effect; "
            "set length to 'stretch', or choose style gray"
        )


def gray_image(log_mel: Spectrogram, mel: MelConfig) -> Pixels:
    """Draw a log-Mel spectrogram in grey on the fixed scale of `mel`: one grey is one loudness in every clip.

    Parameters
    ----------
    log_mel : shape (n_mels, n_frames), dB, lowest band first

    Returns
    -------
    uint8, shape (height, width)
        0 is `floor_db` or less, 255 `ceiling_db` or more; the lowest band is at the bottom.
    """
    width = log_mel.shape[1] if mel.length == "pad" else mel.width
    fitted = _resize(log_mel, mel.height, width)
    if mel.length == "pad":
        fitted = _pad_or_cut(fitted, mel.width, mel.floor_db)
    grey = (np.clip(fitted, mel.floor_db, mel.ceiling_db) - mel.floor_db) * (255 / (mel.ceiling_db - mel.floor_db))
    return np.asarray(np.rint(grey[::-1]), np.uint8)


def gray_to_db(image: Pixels, mel: MelConfig) -> Spectrogram:
    """Convert a grey image back to dB, lowest band first; exact to half a grey, (ceiling_db - floor_db) / 510.

    Parameters
    ----------
    image : uint8, shape (height, width) or (height, width, 1)
    """
    grey = image.reshape(image.shape[:2])[::-1].astype(np.float32)
    return grey * np.float32((mel.ceiling_db - mel.floor_db) / 255) + np.float32(mel.floor_db)


def _resize(log_mel: Spectrogram, height: int, width: int) -> Spectrogram:
    if log_mel.shape == (height, width):
        return log_mel
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(log_mel, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))  # averages where it shrinks


def _pad_or_cut(log_mel: Spectrogram, width: int, floor_db: float) -> Spectrogram:
    height, n_frames = log_mel.shape
    if n_frames >= width:
        start = (n_frames - width) // 2
        return log_mel[:, start : start + width]
    padded = np.full((height, width), floor_db, np.float32)
    start = (width - n_frames) // 2
    padded[:, start : start + n_frames] = log_mel
    return padded


def notebook_image(log_mel: Spectrogram, mel: MelConfig, *, axes_width: float | None = None) -> Pixels:
    """Draw the picture that `librosa.display.specshow` makes in axes that fill the figure.

    The whole clip is squeezed into the width, the clip's own least and greatest values are the ends of the colours,
    and the colours are chosen as `librosa.display.cmap` does: by the sign of the values.

    Parameters
    ----------
    log_mel : shape (n_mels, n_frames), dB, lowest band first
    axes_width : pixels, optional
        Width of the axes, of which the first `mel.width` pixels are drawn; `mel.width` if None. The notebook's own
        pictures come out with `NOTEBOOK_AXES_WIDTH`.

    Returns
    -------
    uint8, shape (height, width, 3), red, green, blue
    """
    return notebook_picture(log_mel, mel, axes_width=axes_width or mel.width).pixels


def notebook_picture(log_mel: Spectrogram, mel: MelConfig, *, axes_width: float) -> Picture:
    """Draw what `notebook_image` does."""
    rows = _cells_from_top(log_mel.shape[0], mel.height)
    columns = _cells_from_left(log_mel.shape[1], mel.width, axes_width)
    least, greatest = float(log_mel.min()), float(log_mel.max())
    scale = 256 / (greatest - least) if greatest > least else 0.0
    entries = log_mel.take(rows, axis=0).take(columns, axis=1)
    entries -= least
    entries *= scale
    return Picture(np.minimum(entries, 255, out=entries).astype(np.uint8), _colours(log_mel))


@lru_cache(maxsize=512)
def _cells_from_left(n_cells: int, n_pixels: int, axes_width: float) -> NDArray[np.intp]:
    """Return the cell under the middle of each pixel.

    Where a middle lies on the edge of two cells, rounding decides. So the arithmetic is in Matplotlib's order: data to
    axes to pixels, then edges are snapped to whole pixels.
    """
    scale, offset = axes_width * (1 / n_cells), axes_width * (0.5 * (1 / n_cells))
    edges = np.floor((np.arange(n_cells + 1) - 0.5) * scale + offset + 0.5)
    return np.minimum(np.searchsorted(edges, np.arange(n_pixels), side="right") - 1, n_cells - 1)


@lru_cache(maxsize=512)
def _cells_from_top(n_cells: int, n_pixels: int) -> NDArray[np.intp]:
    """Return the cell under the middle of each pixel, for cells that are counted from the bottom."""
    scale, offset = n_pixels * (1 / n_cells), n_pixels * (0.5 * (1 / n_cells))
    edges = np.floor((np.arange(n_cells + 1) - 0.5) * -scale + (n_pixels - offset) + 0.5)[::-1]
    return n_cells - np.searchsorted(edges, np.arange(n_pixels), side="right")


def _colours(log_mel: Spectrogram) -> Pixels:
    """Return magma if the values are of one sign, apart from the outermost 2 % on each side, else coolwarm."""
    magma, coolwarm = _colour_tables()
    edge = 0.02 * (log_mel.size - 1)  # where the percentile lies among the sorted values
    n_negative, n_positive = np.count_nonzero(log_mel < 0), np.count_nonzero(log_mel > 0)
    if min(abs(n_negative - edge), abs(n_positive - edge)) > 2:  # counting is ten times faster than sorting
        return magma if min(n_negative, n_positive) < edge else coolwarm
    low, high = np.percentile(log_mel, [2, 98])
    return magma if low >= 0 or high <= 0 else coolwarm


@lru_cache(maxsize=1)
def _colour_tables() -> tuple[Pixels, Pixels]:
    """Return magma and coolwarm, 256 colours each, as Matplotlib draws them.

    References
    ----------
    magma: Smith, van der Walt and Firing, CC0. coolwarm: Moreland, "Diverging Color Maps for Scientific Visualization",
    2009; table of Matplotlib (its licence is BSD-compatible).
    """
    table = resources.files("emospec").joinpath("colour_maps.bin").read_bytes()
    magma, coolwarm = np.frombuffer(table, np.uint8).reshape(2, 256, 3)
    return magma, coolwarm


def write_image(image: Pixels, path: Path) -> None:
    """Write a PNG whole or not at all: grey, or with a palette where 256 colours are enough (faster, half the size).

    Parameters
    ----------
    image : uint8, shape (height, width), (height, width, 1) or (height, width, 3)
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(encode_png(image))


def encode_png(image: Pixels) -> bytes:
    """Return the bytes of a PNG of `image`; see `write_image`."""
    if image.ndim == 2 or image.shape[2] == 1:
        return png.encode(image.reshape(image.shape[:2]))
    packed = np.zeros((*image.shape[:2], 4), np.uint8)
    packed[:, :, :3] = image
    colours, entries = np.unique(packed.view(np.uint32)[:, :, 0], return_inverse=True)
    if len(colours) > 256:
        return _encode_by_pillow(image)
    palette = colours.view(np.uint8).reshape(-1, 4)[:, :3]
    return png.encode(entries.reshape(image.shape[:2]).astype(np.uint8), palette)


def _encode_by_pillow(image: Pixels) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def read_image(path: Path) -> Pixels:
    """Read a picture: grey files have one channel, all others three, in the order red, green, blue.

    Returns
    -------
    uint8, shape (height, width, 1) or (height, width, 3)
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ImageSetError(f"image {path} does not exist; the image set is not complete: make it again") from None
    except OSError as error:
        raise ImageSetError(f"{path} cannot be read ({error.strerror}); make the image set again") from None
    pixels = png.decode(data)
    return _read_by_pillow(data, path) if pixels is None else pixels


def _read_by_pillow(data: bytes, path: Path) -> Pixels:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as file:
            pixels = np.asarray(file if file.mode in ("L", "RGB") else file.convert("RGB"))
    except UnidentifiedImageError:
        raise ImageSetError(f"{path} cannot be read as an image (no known format); make the image set again") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageSetError(f"{path} cannot be read as an image ({error}); make the image set again") from None
    return pixels[:, :, np.newaxis] if pixels.ndim == 2 else pixels
