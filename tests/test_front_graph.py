"""The graph's picture of a sound against `to_image`."""

from functools import partial
from math import prod

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from emospec.errors import ConfigError
from emospec.front_graph import GraphParts, add_front_end, factors
from emospec.images import to_image
from emospec.mel import MelConfig

SMALL = partial(MelConfig, n_fft=512, win_length=512, hop_length=256, n_mels=32, height=32, width=40)


def session_of(mel: MelConfig) -> onnxruntime.InferenceSession:
    parts = GraphParts("front/")
    parts.add("Identity", add_front_end(parts, "waveform", mel), name="image")
    inputs = [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, ["batch", "n_samples"])]
    outputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", mel.height, mel.width, 1])]
    graph = helper.make_graph(parts.nodes, "front", inputs, outputs, parts.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def drawn(session: onnxruntime.InferenceSession, *clips: np.ndarray) -> np.ndarray:
    return session.run(None, {"waveform": np.stack(clips)})[0][..., 0]


def voice(n_samples: int, seed: int = 0) -> np.ndarray:
    rng, time = np.random.default_rng(seed), np.arange(n_samples) / 16000
    glide = np.sin(2 * np.pi * (300 * time + 900 * time**2)) * np.linspace(0.001, 0.6, n_samples)
    return np.asarray(glide + rng.normal(0, 0.003, n_samples), np.float32)


def check_same_picture(image: np.ndarray, expected: np.ndarray) -> None:
    """Equal but for cells whose level lies on the edge of two greys, where the last bit of a float32 decides."""
    difference = np.abs(image - expected.astype(np.float32))
    assert image.shape == expected.shape
    assert difference.max() <= 1
    assert (difference > 0).mean() < 2e-3
    assert len(np.unique(expected)) > 20  # there is something to be seen


@pytest.mark.parametrize("n_samples", [400, 3000, 9983, 9984, 10239, 10240, 10241, 10497, 30001])
def test_clips_of_any_length_are_drawn_as_to_image_draws_them(n_samples: int) -> None:
    mel = SMALL()
    check_same_picture(drawn(session_of(mel), voice(n_samples))[0], to_image(voice(n_samples), mel))


@pytest.mark.parametrize(
    "mel",
    [
        MelConfig(),
        SMALL(win_length=400),
        SMALL(n_fft=500, win_length=500),
        SMALL(n_fft=499, win_length=400),
        SMALL(height=50),
        SMALL(height=20),
        SMALL(width=41),
        SMALL(fmin=100.0, fmax=6000.0),
        SMALL(floor_db=-80, ceiling_db=20),
        SMALL(top_db=40.0),
        SMALL(top_db=30, width=10),
    ],
    ids=str,
)
def test_every_setting_is_drawn_as_to_image_draws_it(mel: MelConfig) -> None:
    session = session_of(mel)
    for n_samples in (5001, 12000):
        check_same_picture(drawn(session, voice(n_samples))[0], to_image(voice(n_samples), mel))


def test_a_picture_does_not_depend_on_its_batch() -> None:
    session = session_of(SMALL(top_db=40.0))
    quiet, loud = voice(6000) * np.float32(0.01), voice(6000, seed=1)
    np.testing.assert_array_equal(drawn(session, quiet, loud)[0], drawn(session, quiet)[0])


def test_silence_is_black() -> None:
    assert (drawn(session_of(SMALL()), np.zeros(4000, np.float32)) == 0).all()


def test_a_stretched_picture_is_refused() -> None:
    with pytest.raises(ConfigError, match="draws clips with length 'pad'"):
        session_of(SMALL(length="stretch"))


@pytest.mark.parametrize(("n", "pair"), [(1024, (32, 32)), (512, (16, 32)), (400, (20, 20)), (499, (1, 499))])
def test_a_transform_is_split_into_its_closest_factors(n: int, pair: tuple[int, int]) -> None:
    assert factors(n) == pair
    assert prod(factors(n)) == n
