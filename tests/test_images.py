import csv
import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

mpl.use("Agg")

import librosa.display
import matplotlib.pyplot as plt

from emospec.audio import read_audio
from emospec.errors import ConfigError, ImageSetError
from emospec.images import (
    DEFAULT_MEL,
    NOTEBOOK_AXES_WIDTH,
    encode_png,
    gray_image,
    gray_to_db,
    notebook_image,
    read_image,
    to_image,
    write_image,
)
from emospec.mel import NOTEBOOK_MEL, MelConfig
from emospec.spectrogram import log_mel_spectrogram

MEL = MelConfig(floor_db=-60.0, ceiling_db=40.0, n_mels=4, height=4, width=6)
FULL_FIGURE = {"figsize": (0.77, 0.77), "axes": (0, 0, 1, 1)}
NOTEBOOK_FIGURE = {"figsize": (1, 1), "axes": (0.125, 0.11, 0.775, 0.77), "bbox_inches": "tight", "pad_inches": 0}


def speech_like(n_mels: int, n_frames: int, offset: float) -> np.ndarray:
    rng = np.random.default_rng(n_mels + n_frames)
    rough = rng.normal(size=(n_mels, n_frames)).cumsum(axis=0).cumsum(axis=1)
    return (40 * rough / np.abs(rough).max() + offset).astype(np.float32)


def specshow(log_mel: np.ndarray, *, figsize, axes, **options) -> np.ndarray:
    figure = plt.figure(figsize=figsize, dpi=100)
    ax = figure.add_axes(axes)
    ax.axis("off")
    librosa.display.specshow(log_mel, ax=ax)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100, **options)
    plt.close(figure)
    return np.asarray(Image.open(buffer).convert("RGB"))


def difference(image: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(image.astype(float) - other).mean())


def test_grey_runs_from_the_floor_to_the_ceiling_of_the_scale():
    log_mel = np.repeat(np.array([[-60], [-20], [0], [40]], np.float32), 6, axis=1)
    assert gray_image(log_mel, MEL)[:, 0].tolist() == [255, 153, 102, 0]


def test_levels_outside_the_scale_take_its_ends():
    log_mel = np.repeat(np.array([[-99], [99], [0], [0]], np.float32), 6, axis=1)
    assert gray_image(log_mel, MEL)[:, 0].tolist() == [153, 153, 255, 0]


def test_one_grey_is_one_loudness_whatever_else_is_in_the_clip():
    quiet, loud = np.full((4, 6), -20, np.float32), np.full((4, 6), -20, np.float32)
    loud[3] = 30
    assert gray_image(quiet, MEL)[3, 0] == gray_image(loud, MEL)[3, 0]


def test_a_short_clip_is_centred_on_silence():
    assert gray_image(np.full((4, 2), 40, np.float32), MEL)[0].tolist() == [0, 0, 255, 255, 0, 0]


def test_of_a_long_clip_the_middle_is_cut_out():
    log_mel = np.tile(np.arange(-60, 40, 10, dtype=np.float32), (4, 1))
    np.testing.assert_array_equal(gray_image(log_mel, MEL), gray_image(log_mel[:, 2:8], MEL))


def test_stretching_shows_the_whole_clip():
    log_mel = np.repeat(np.array([[-60, 40]], np.float32), 4, axis=0).repeat(30, axis=1)
    columns = gray_image(log_mel, replace(MEL, length="stretch"))[0]
    assert (columns[0], columns[-1], len(columns)) == (0, 255, 6)


def test_bands_are_averaged_where_the_image_has_fewer_rows():
    log_mel = np.repeat(np.array([-60, 40] * 20, np.float32)[:, np.newaxis], 6, axis=1)
    assert gray_image(log_mel, MEL)[1:3].mean() == pytest.approx(127.5, abs=3)


def test_grey_back_to_decibels_is_exact_to_half_a_grey():
    log_mel = np.random.default_rng(0).uniform(-60, 40, (4, 6)).astype(np.float32)
    np.testing.assert_allclose(gray_to_db(gray_image(log_mel, MEL), MEL), log_mel, atol=100 / 510 + 1e-4)


def test_a_low_tone_is_at_the_bottom():
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(48000) / 16000)
    assert to_image(tone, MelConfig())[:, 38].argmax() > 70


@pytest.mark.parametrize(("style", "shape"), [("gray", (77, 77)), ("notebook", (77, 77, 3))])
def test_a_style_has_its_shape(style, shape):
    noise = 0.1 * np.random.default_rng(0).normal(size=20000)
    image = to_image(noise, DEFAULT_MEL[style], style)
    assert (image.shape, image.dtype) == (shape, np.uint8)


def test_an_unknown_style_is_refused():
    with pytest.raises(ConfigError, match="'grey'; choose one of gray, notebook"):
        to_image(np.ones(1000), MelConfig(), "grey")


def test_a_length_without_effect_is_refused():
    with pytest.raises(ConfigError, match="length 'pad' has no effect; set length to 'stretch', or"):
        to_image(np.ones(3000), replace(NOTEBOOK_MEL, length="pad"), "notebook")


# Lengths that are multiples of 7 or 11 put the middles of pixels on the edges of cells, since 77 = 7 x 11.
@pytest.mark.parametrize("offset", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("shape", [(128, 47), (128, 77), (128, 110), (128, 140), (77, 200), (40, 3)])
def test_a_notebook_image_is_what_specshow_draws(shape, offset):
    log_mel = speech_like(*shape, offset)
    assert difference(notebook_image(log_mel, NOTEBOOK_MEL), specshow(log_mel, **FULL_FIGURE)) < 0.01


@pytest.mark.parametrize("n_frames", [47, 110, 124])
def test_the_notebooks_own_figure_is_drawn_with_its_axes_width(n_frames):
    log_mel = speech_like(128, n_frames, 0.0)
    image = notebook_image(log_mel, NOTEBOOK_MEL, axes_width=NOTEBOOK_AXES_WIDTH)
    assert difference(image, specshow(log_mel, **NOTEBOOK_FIGURE)) < 0.01


@pytest.mark.parametrize("share_above_zero", [0.01, 0.03, 0.97, 0.99])
def test_outermost_values_do_not_choose_the_colours(share_above_zero):
    values = np.linspace(-1, 0, 1000) - 1e-3
    values[values > np.quantile(values, 1 - share_above_zero)] += 2
    log_mel = values.astype(np.float32).reshape(20, 50)
    np.testing.assert_array_equal(notebook_image(log_mel, NOTEBOOK_MEL), specshow(log_mel, **FULL_FIGURE))


@pytest.mark.parametrize("n_below_zero", [19, 20, 21, 22, 978, 979, 980, 981])
def test_colours_are_librosas_where_a_single_value_decides(n_below_zero):
    log_mel = (np.arange(1001, dtype=np.float32) - n_below_zero + 0.01).reshape(7, 143)
    is_magma = librosa.display.cmap(log_mel).name == "magma"
    assert (notebook_image(log_mel, NOTEBOOK_MEL)[-1, 0].tolist() == [0, 0, 4]) == is_magma


def test_a_constant_spectrogram_has_one_colour():
    assert len(np.unique(notebook_image(np.zeros((128, 50), np.float32), NOTEBOOK_MEL).reshape(-1, 3), axis=0)) == 1


def test_a_grey_image_survives_its_file(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    write_image(image, tmp_path / "0.png")
    np.testing.assert_array_equal(read_image(tmp_path / "0.png"), image[:, :, np.newaxis])


@pytest.mark.parametrize("n_colours", [1, 256, 257])
def test_a_coloured_image_survives_its_file(tmp_path, n_colours):
    colours = np.arange(n_colours) * 60013
    image = np.resize(colours, (20, 30)).astype("<u4").view(np.uint8).reshape(20, 30, 4)[:, :, :3]
    write_image(image, tmp_path / "0.png")
    np.testing.assert_array_equal(read_image(tmp_path / "0.png"), image)


def test_an_image_of_few_colours_is_stored_with_a_palette():
    picture = Image.open(io.BytesIO(encode_png(notebook_image(speech_like(128, 90, 0.0), NOTEBOOK_MEL))))
    assert picture.mode == "P"


def test_transparency_is_dropped(tmp_path):
    Image.new("RGBA", (4, 3), (10, 20, 30, 255)).save(tmp_path / "0.png")
    assert read_image(tmp_path / "0.png")[0].tolist() == [[10, 20, 30]] * 4


@pytest.mark.parametrize("content", [b"", b"no picture", encode_png(np.zeros((9, 9), np.uint8))[:40]])
def test_a_broken_picture_is_refused_by_name_in_one_line(tmp_path, content):
    (tmp_path / "7.png").write_bytes(content)
    with pytest.raises(ImageSetError, match=r"7\.png cannot be read as an image .*make the image set again$"):
        read_image(tmp_path / "7.png")


def test_a_missing_picture_is_refused_by_name(tmp_path):
    with pytest.raises(ImageSetError, match=r"7\.png does not exist"):
        read_image(tmp_path / "7.png")


@pytest.mark.real_data
@pytest.mark.skipif("EMOSPEC_DATA" not in os.environ, reason="EMOSPEC_DATA does not name the real data")
def test_the_notebooks_stored_images_are_drawn_again_from_audio():
    data = Path(os.environ["EMOSPEC_DATA"])
    with (data / "notebook-manifest.csv").open(encoding="utf-8", newline="") as file:
        images = {row["clip"]: row["image"] for row in csv.DictReader(file)}
    with zipfile.ZipFile(data / "notebook-dataset.zip") as archive:
        for path in sorted((data / "tess-sample").rglob("*.wav")):
            stored = Image.open(archive.open(f"dataset/spectograms/{images[path.name]}")).convert("RGB")
            log_mel = log_mel_spectrogram(read_audio(path, NOTEBOOK_MEL.sample_rate), NOTEBOOK_MEL)
            image = notebook_image(log_mel, NOTEBOOK_MEL, axes_width=NOTEBOOK_AXES_WIDTH)
            assert difference(image, np.asarray(stored)) < 0.01
