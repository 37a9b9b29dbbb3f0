import json
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from emospec import pixel_store
from emospec.errors import EmospecError, ImageSetError
from emospec.image_set import load_image_set, make_images
from emospec.images import write_image
from emospec.pixel_store import for_random_access, load_pixels
from recordings import MEL, recordings

COUNT, SHAPE = 300, (40, 30)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = [tmp_path / "set" / "spectrograms" / f"{number:06}.png" for number in range(COUNT)]
    for path in paths:
        write_image(rng.integers(0, 256, SHAPE, dtype=np.uint8), path)
    return paths


@pytest.fixture
def mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_store, "MAPPED_FROM", 1)


def stored(paths: list[Path]) -> list[Path]:
    return list(paths[0].parents[1].glob("pixels-*.npy"))


def test_a_small_set_is_read_into_memory_and_leaves_no_file(pictures):
    pixels = load_pixels(pictures)
    assert (pixels.shape, stored(pictures)) == ((COUNT, *SHAPE, 1), [])
    assert not isinstance(pixels, np.memmap)


@pytest.mark.usefixtures("mapped")
def test_a_large_set_has_the_same_pixels(pictures, monkeypatch):
    large = load_pixels(pictures)
    monkeypatch.undo()
    assert isinstance(large, np.memmap)
    np.testing.assert_array_equal(large, load_pixels(pictures))


@pytest.mark.usefixtures("mapped")
def test_a_large_set_is_decoded_once(pictures, monkeypatch):
    load_pixels(pictures)
    read, original = [], pixel_store.read_image
    monkeypatch.setattr(pixel_store, "read_image", lambda path: read.append(path) or original(path))
    load_pixels(pictures)
    assert read == pictures[:1]  # for the size


@pytest.mark.usefixtures("mapped")
def test_a_picture_that_was_changed_is_seen(pictures):
    load_pixels(pictures)
    (before,) = stored(pictures)
    write_image(np.zeros(SHAPE, np.uint8), pictures[7])
    assert not load_pixels(pictures)[7].any()
    assert stored(pictures) != [before]
    assert len(stored(pictures)) == 1


@pytest.mark.usefixtures("mapped")
def test_a_large_set_takes_no_memory(pictures):
    load_pixels(pictures[:2])
    tracemalloc.start()
    load_pixels(pictures)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < COUNT * SHAPE[0] * SHAPE[1] / 2


@pytest.mark.usefixtures("mapped")
def test_a_large_set_that_cannot_be_stored_is_held_in_memory(pictures, monkeypatch):
    def refuse(path: Path) -> None:
        raise EmospecError(f"{path} cannot be written (No space left on device); name another place")

    monkeypatch.setattr(pixel_store, "whole_file", refuse)
    pixels = load_pixels(pictures)
    assert (pixels.shape, isinstance(pixels, np.memmap)) == ((COUNT, *SHAPE, 1), False)


@pytest.mark.usefixtures("mapped")
def test_a_picture_of_another_size_is_refused_and_leaves_no_file(pictures):
    write_image(np.zeros((3, 3), np.uint8), pictures[-1])
    with pytest.raises(ImageSetError, match=r"000299\.png is 3 x 3 pixels, grey, but 000000\.png is 30 x 40 pixels"):
        load_pixels(pictures)
    assert [path.name for path in pictures[0].parents[1].iterdir()] == ["spectrograms"]


@pytest.mark.usefixtures("mapped")
def test_an_image_set_that_is_mapped_is_the_set_that_was_made(tmp_path):
    made = make_images(recordings(tmp_path / "audio"), tmp_path / "set", mel=MEL).path
    loaded = load_image_set(made, verify=True)  # compares with the hash
    assert isinstance(loaded.images, np.memmap)
    assert len(loaded) == json.loads((made / "image_set.json").read_text())["n_images"]


@pytest.mark.usefixtures("mapped")
def test_random_access_gives_the_same_pixels(pictures):
    pixels = load_pixels(pictures)
    np.testing.assert_array_equal(for_random_access(pixels), pixels)


@pytest.mark.usefixtures("mapped")
def test_a_part_of_a_mapped_set_is_left_as_it_is(pictures):
    part = load_pixels(pictures)[5:9]
    assert for_random_access(part) is part


def test_pixels_in_memory_are_left_as_they_are(pictures):
    pixels = load_pixels(pictures)
    assert for_random_access(pixels) is pixels


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.usefixtures("mapped")
def test_a_large_set_on_a_disk_that_is_read_only_is_held_in_memory(pictures):
    folder = pictures[0].parents[1]
    folder.chmod(0o555)
    try:
        assert not isinstance(load_pixels(pictures), np.memmap)
    finally:
        folder.chmod(0o755)
