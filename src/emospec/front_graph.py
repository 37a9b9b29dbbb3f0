"""The way from sound to grey image as ONNX operators: `images.to_image` for runtimes that know no NumPy."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from PIL import Image

from emospec.errors import ConfigError
from emospec.mel import MelConfig
from emospec.spectrogram import LEAST_POWER, mel_filter_bank

FloatArray = NDArray[np.float64]


class GraphParts:
    """Nodes and constants of an ONNX graph under way; every name begins with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, value: Any) -> str:
        """Add a constant; numbers become float32, except whole ones, which become int64."""
        array = np.asarray(value)
        name = f"{self.prefix}constant_{len(self.constants)}"
        wanted = np.int64 if array.dtype.kind == "i" else np.float32
        self.constants.append(numpy_helper.from_array(array.astype(wanted), name))
        return name

    def add(self, kind: str, *inputs: Any, name: str | None = None, **attributes: Any) -> str:
        """Add an operator and return the name of its output; inputs are names, or values of constants."""
        output = name or f"{self.prefix}{kind}_{len(self.nodes)}"
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        self.nodes.append(helper.make_node(kind, names, [output], name=output, **attributes))
        return output


class Span(NamedTuple):
    """A stretch of frames in a graph: the names of its first frame and of its length."""

    start: str
    length: str


def add_front_end(graph: GraphParts, waveform: str, mel: MelConfig) -> str:
    """Add all from the waveform to the image that the network takes.

    Parameters
    ----------
    waveform : name of a float32 tensor of shape (batch, n_samples), in [-1, 1], at `mel.sample_rate`

    Returns
    -------
    name of a float32 tensor of shape (batch, height, width, 1), whole numbers from 0 to 255

    Raises
    ------
    ConfigError
        If the clip is stretched to the width of the image, which no graph of ours does.
    """
    check_can_be_drawn(mel)
    half = mel.n_fft // 2
    padded = graph.add("Pad", waveform, [0, half, 0, half])
    n_frames = _count_frames(graph, padded, mel)
    middle = _middle(graph, n_frames, mel.width)
    # What is cut away need not be computed, unless its loudest cell sets the floor.
    span = middle if mel.top_db is None else Span(graph.constant([0]), n_frames)
    frames = _frames(graph, padded, span, mel)
    decibels = _decibels(graph, _mel_power(graph, frames, mel), mel)
    if mel.top_db is not None:
        loudest = graph.add("ReduceMax", decibels, axes=[1, 2], keepdims=1)
        decibels = graph.add("Max", decibels, graph.add("Sub", loudest, float(mel.top_db)))
        decibels = _cut(graph, decibels, middle)
    return _centred(graph, _grey(graph, decibels, mel), middle.length, mel)


def check_can_be_drawn(mel: MelConfig) -> None:
    """Raise unless the graph can draw this picture."""
    if mel.length != "pad":
        raise ConfigError(
            f"a bundle draws clips with length 'pad', this model's images have {mel.length!r}; "
            "train on images made with length 'pad' to export"
        )


def _count_frames(graph: GraphParts, padded: str, mel: MelConfig) -> str:
    n_samples = graph.add("Gather", graph.add("Shape", padded), [1])
    n_hops = graph.add("Div", graph.add("Sub", n_samples, [mel.n_fft]), [mel.hop_length])
    return graph.add("Add", n_hops, [1])


def _middle(graph: GraphParts, n_frames: str, width: int) -> Span:
    spare = graph.add("Max", graph.add("Sub", n_frames, [width]), [0])
    return Span(graph.add("Div", spare, [2]), graph.add("Min", n_frames, [width]))


def _frames(graph: GraphParts, padded: str, span: Span, mel: MelConfig) -> str:
    """Return windowed frames: shape (batch, n_frames, n_fft)."""
    end = graph.add("Add", span.start, span.length)
    numbers = graph.add("Range", _scalar(graph, span.start), _scalar(graph, end), 1)
    first = graph.add("Unsqueeze", graph.add("Mul", numbers, mel.hop_length), [1])
    frames = graph.add("Gather", padded, graph.add("Add", first, np.arange(mel.n_fft)[np.newaxis]), axis=1)
    return graph.add("Mul", frames, hann_window(mel))


def _scalar(graph: GraphParts, name: str) -> str:
    return graph.add("Squeeze", name, [0])


def hann_window(mel: MelConfig) -> FloatArray:
    """Return the periodic Hann window, in the middle of n_fft samples."""
    angles = 2 * np.pi * np.arange(mel.win_length) / mel.win_length
    before = (mel.n_fft - mel.win_length) // 2
    return np.pad(0.5 - 0.5 * np.cos(angles), (before, mel.n_fft - mel.win_length - before))


def _mel_power(graph: GraphParts, frames: str, mel: MelConfig) -> str:
    """Return the power in Mel bands, shape (batch, n_frames, n_mels), by a Fourier transform in two steps.

    With n_fft = a * b, sample b * i + j and bin k + a * m, the transform is one of length a over i, a turn that depends
    on j and k, and one of length b over j: two small matrix products in place of one with all sines and cosines,
    which would be seven times larger than a network that is worth shipping.

    References
    ----------
    Cooley, J. W.; Tukey, J. W. An algorithm for the machine calculation of complex Fourier series. 1965.
    """
    a, b = factors(mel.n_fft)
    columns = b // 2 + 1  # bins up to the middle; the others mirror them
    signal = graph.add("Reshape", frames, [-1, a, b])
    first = graph.add("MatMul", np.concatenate([_fourier(a, a).real, _fourier(a, a).imag]), signal)
    parts = graph.add("Reshape", first, [-1, 2, a, b])
    by_bin = graph.add("Reshape", graph.add("Transpose", parts, perm=[2, 0, 1, 3]), [a, -1, 2 * b])
    second = graph.add("MatMul", by_bin, _turn_and_transform(a, b, columns))
    squares = graph.add("Reshape", graph.add("Mul", second, second), [a, -1, 2, columns])
    power = graph.add("ReduceSum", squares, [2], keepdims=0)
    in_frames = graph.add("Reshape", graph.add("Transpose", power, perm=[1, 0, 2]), [-1, a * columns])
    bands = graph.add("MatMul", in_frames, _bank_in_order(mel, a, columns))
    n_frames = graph.add("Gather", graph.add("Shape", frames), [1])
    shape = graph.add("Concat", [-1], n_frames, [mel.n_mels], axis=0)
    return graph.add("Reshape", bands, shape)


def factors(n: int) -> tuple[int, int]:
    """Return two whole numbers whose product is `n`, as close to each other as can be, the smaller one first."""
    a = next(each for each in range(int(n**0.5), 0, -1) if n % each == 0)
    return a, n // a


def _fourier(n: int, n_bins: int) -> NDArray[np.complex128]:
    turns = np.outer(np.arange(n_bins), np.arange(n)) % n / n
    return np.asarray(np.exp(-2j * np.pi * turns), np.complex128)


def _turn_and_transform(a: int, b: int, columns: int) -> FloatArray:
    """Return the second step for each bin of the first: shape (a, 2 b, 2 columns), real parts before imaginary ones."""
    turn = np.exp(-2j * np.pi * np.outer(np.arange(a), np.arange(b)) / (a * b))
    step = turn[:, :, np.newaxis] * _fourier(b, columns).T
    real, imaginary = (np.concatenate(pair, axis=2) for pair in ((step.real, step.imag), (-step.imag, step.real)))
    return np.concatenate([real, imaginary], axis=1)


def _bank_in_order(mel: MelConfig, a: int, columns: int) -> FloatArray:
    """Return the Mel bank for bins in the order that the two steps leave them in: shape (a * columns, n_mels)."""
    bins = (np.arange(a)[:, np.newaxis] + a * np.arange(columns)).ravel()
    bank = np.zeros((len(bins), mel.n_mels))
    real = bins <= mel.n_fft // 2
    bank[real] = mel_filter_bank(mel).T[bins[real]]
    return bank


def _decibels(graph: GraphParts, power: str, mel: MelConfig) -> str:
    """Return decibels on the fixed scale: shape (batch, n_mels, n_frames), lowest band first."""
    logarithm = graph.add("Log", graph.add("Max", power, LEAST_POWER))
    decibels = _on_scale(graph, graph.add("Mul", logarithm, 10 / np.log(10)), mel)
    return graph.add("Transpose", decibels, perm=[0, 2, 1])


def _on_scale(graph: GraphParts, decibels: str, mel: MelConfig) -> str:
    return graph.add("Clip", decibels, float(mel.floor_db), float(mel.ceiling_db))


def _cut(graph: GraphParts, decibels: str, span: Span) -> str:
    return graph.add("Slice", decibels, span.start, graph.add("Add", span.start, span.length), [2])


def _grey(graph: GraphParts, decibels: str, mel: MelConfig) -> str:
    """Return grey levels, lowest band at the bottom: shape (batch, height, n_frames)."""
    if mel.height != mel.n_mels:
        decibels = _on_scale(graph, graph.add("MatMul", _resizing(mel), decibels), mel)
    above = graph.add("Sub", decibels, float(mel.floor_db))
    grey = graph.add("Round", graph.add("Mul", above, 255 / (mel.ceiling_db - mel.floor_db)))
    return graph.add("Gather", grey, np.arange(mel.height)[::-1].copy(), axis=1)


def _resizing(mel: MelConfig) -> FloatArray:
    """Return the resizing of `gray_image` as a matrix of shape (height, n_mels): it is linear in the bands."""
    picture = Image.fromarray(np.eye(mel.n_mels, dtype=np.float32))
    return np.asarray(picture.resize((mel.n_mels, mel.height), Image.Resampling.BILINEAR), np.float64)


def _centred(graph: GraphParts, grey: str, n_frames: str, mel: MelConfig) -> str:
    """Return images of the full width with one channel; silence is grey level 0."""
    missing = graph.add("Sub", [mel.width], n_frames)
    before = graph.add("Div", missing, [2])
    pads = graph.add("Concat", [0, 0], before, [0, 0], graph.add("Sub", missing, before), axis=0)
    return graph.add("Unsqueeze", graph.add("Pad", grey, pads), [3])
