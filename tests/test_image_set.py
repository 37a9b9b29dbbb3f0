import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emospec.errors import EmospecError, ImageSetError
from emospec.image_set import ImageSet, load_image_set, make_images
from recordings import MEL, recordings


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return make_images(recordings(tmp_path / "audio"), tmp_path / "set", mel=MEL).path


@pytest.fixture
def notebook_set(tmp_path: Path) -> Path:
    """Twelve images in the notebook's layout; the red of each is its number."""
    root = tmp_path / "unpacked" / "dataset"
    (root / "spectograms").mkdir(parents=True)
    (root / "classes").mkdir()
    for number in range(12):
        Image.new("RGB", (5, 4), (number, 100, 200)).save(root / "spectograms" / f"{number}.png")
    np.save(root / "classes" / "array.npy", np.arange(12, dtype=np.int32) % 4)
    (root / "classes" / "label names.txt").write_text("'angry', 'fear', 'happy', 'sad'", encoding="utf-8")
    return root


def tamper_label(path: Path) -> None:
    np.save(path / "labels.npy", np.array([0, 1, 2, 3, 0, 1, 2, 4], np.int32))


def tamper_json(path: Path, **values: object) -> None:
    info = json.loads((path / "image_set.json").read_text(encoding="utf-8"))
    (path / "image_set.json").write_text(json.dumps(info | values), encoding="utf-8")


def picture(size: tuple[int, int], mode: str = "L") -> Image.Image:
    return Image.new(mode, size)


WRONGS = {
    "label 4 of image 7 is out of range": tamper_label,
    "8 images and 3 labels": lambda path: np.save(path / "labels.npy", np.zeros(3, np.int32)),
    "expected one whole number an image": lambda path: np.save(path / "labels.npy", np.zeros((8, 4))),
    "labels.npy cannot be read as labels": lambda path: (path / "labels.npy").write_bytes(b"no array"),
    "labels.npy cannot be": lambda path: (path / "labels.npy").unlink(),
    "7 images and 8 labels": lambda path: (path / "spectrograms" / "000003.png").unlink(),
    "000003.png cannot be read as an image": lambda path: (path / "spectrograms" / "000003.png").write_bytes(b"x"),
    "000003.png is 9 x 12 pixels": lambda path: picture((9, 12)).save(path / "spectrograms" / "000003.png"),
    "000003.png is 10 x 12 pixels, coloured": lambda path: picture((10, 12), "RGB").save(
        path / "spectrograms" / "000003.png"
    ),
    "holds no images": lambda path: shutil.rmtree(path / "spectrograms"),
    "x.png: the name of an image must be its number": lambda path: picture((10, 12)).save(path / "spectrograms/x.png"),
    "lacks images": lambda path: (path / "spectrograms/000003.png").rename(path / "spectrograms/000009.png"),
    "clips.csv cannot be read as a table": lambda path: (path / "clips.csv").unlink(),
    "1 rows for 8 images": lambda path: (path / "clips.csv").write_text("image,emotion\n000000.png,angry\n"),
    "has format 2": lambda path: tamper_json(path, format=2),
    "unknown Mel settings": lambda path: tamper_json(path, mel={"hop": 1}),
    "expected 77 x 77": lambda path: tamper_json(path, mel={}),
    "classes: 3, expected a list of different names": lambda path: tamper_json(path, classes=3),
    "classes: [1, 2], expected": lambda path: tamper_json(path, classes=[1, 2]),
    "classes: ['sad', 'sad'], expected": lambda path: tamper_json(path, classes=["sad", "sad"]),
    "mel: 3, expected a table": lambda path: tamper_json(path, mel=3),
    "n_images: '8', expected a number": lambda path: tamper_json(path, n_images="8"),
    "style: 3, expected a text": lambda path: tamper_json(path, style=3),
    "image_set.json: Mel settings fmin must be finite numbers": lambda path: tamper_json(path, mel={"fmin": "x"}),
    "image_set.json cannot be read as JSON": lambda path: (path / "image_set.json").write_text("{"),
    "is no image set": lambda path: (path / "image_set.json").unlink(),
}


@pytest.mark.parametrize("message", WRONGS)
def test_a_set_whose_parts_do_not_fit_is_refused_in_one_line(made, message):
    WRONGS[message](made)
    with pytest.raises(EmospecError) as caught:
        load_image_set(made)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_that_contradicts_the_labels_is_refused(made):
    table = (made / "clips.csv").read_text(encoding="utf-8")
    (made / "clips.csv").write_text(table.replace("made,fear", "made,sad", 1), encoding="utf-8")
    with pytest.raises(ImageSetError, match=r"image 000001\.png is sad there, but its label says fear"):
        load_image_set(made)


def test_verifying_finds_a_changed_picture(made):
    load_image_set(made, verify=True)
    picture((10, 12)).save(made / "spectrograms" / "000003.png")
    with pytest.raises(ImageSetError, match="were changed"):
        load_image_set(made, verify=True)


def test_a_missing_folder_is_no_image_set(tmp_path):
    with pytest.raises(ImageSetError, match="none is no image set"):
        load_image_set(tmp_path / "none")


@pytest.mark.parametrize("name", ["unpacked", "unpacked/dataset"])
def test_the_notebooks_layout_is_read_in_the_order_of_numbers(notebook_set, tmp_path, name):
    loaded = load_image_set(tmp_path / name)
    assert loaded.images[:, 0, 0].tolist() == [[n, 100, 200] for n in range(12)]
    assert loaded.clips["emotion"].tolist() == ["angry", "fear", "happy", "sad"] * 3


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("['sad'\n'happy', 'fear', 'angry']", "sad"),
        ("sad, happy\nfear, angry", "sad"),
    ],
)
def test_the_notebooks_classes_are_those_of_its_text(notebook_set, text, classes):
    (notebook_set / "classes" / "label names.txt").write_text(text, encoding="utf-8")
    assert load_image_set(notebook_set).classes.classes[0] == classes


def clips_file(path: Path, order: range) -> Path:
    table = pd.DataFrame({"image": [f"{n}.png" for n in order], "speaker": [f"s{n}" for n in order]})
    table["emotion"] = [["Anger", "fear", "HAP", "sad"][n % 4] for n in order]
    table.to_csv(path, index=False)
    return path


def test_a_table_of_clips_is_put_in_the_order_of_the_images(notebook_set, tmp_path):
    loaded = load_image_set(notebook_set, clips=clips_file(tmp_path / "clips.csv", range(11, -1, -1)))
    assert loaded.clips["speaker"].tolist() == [f"s{n}" for n in range(12)]


def test_a_table_without_one_of_the_images_is_refused(notebook_set, tmp_path):
    with pytest.raises(ImageSetError, match=r"no row for image 0\.png"):
        load_image_set(notebook_set, clips=clips_file(tmp_path / "clips.csv", range(1, 13)))


def test_a_label_out_of_range_in_the_notebooks_layout_is_refused(notebook_set):
    np.save(notebook_set / "classes" / "array.npy", np.full(12, -1, np.int32))
    with pytest.raises(ImageSetError, match="label -1 of image 0 is out of range"):
        load_image_set(notebook_set)


def test_an_image_set_knows_its_size(made):
    loaded = load_image_set(made)
    assert isinstance(loaded, ImageSet)
    assert (len(loaded), loaded.input_shape, loaded.mel, loaded.style) == (8, (12, 10, 1), MEL, "gray")


def test_without_a_text_the_notebooks_classes_are_the_usual_four(notebook_set):
    (notebook_set / "classes" / "label names.txt").unlink()
    assert load_image_set(notebook_set).classes.classes == ("angry", "fear", "happy", "sad")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"'angry', 'fear', 'happy', 'contempt'", "unknown emotion 'contempt'"),
        (b"?!", r"unknown emotion '\?!'"),
        (b"", "classes none: expected at least two"),
        (b"angry, anger, sad", "classes angry, anger, sad: expected"),
        (b"\xff\xfe", "can't decode"),
    ],
)
def test_a_text_of_classes_that_is_not_understood_is_refused(notebook_set, text, message):
    (notebook_set / "classes" / "label names.txt").write_bytes(text)
    with pytest.raises(ImageSetError, match=rf"label names\.txt .*{message}") as caught:
        load_image_set(notebook_set)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("5.png", "50.png", r"spectograms has no image 5 \(4\.png is followed by 6\.png\)"),
        ("11.png", "50.png", r"has no image 11 \(10\.png is followed by 50\.png\)"),
        ("11.png", "05.png", r"has image 5 twice \((0?5)\.png and (0?5)\.png\)"),
    ],
)
def test_a_gap_or_a_double_among_the_notebooks_numbers_is_refused(notebook_set, old, new, message):
    (notebook_set / "spectograms" / old).rename(notebook_set / "spectograms" / new)
    with pytest.raises(ImageSetError, match=message):
        load_image_set(notebook_set)


def test_the_notebooks_numbers_may_begin_anywhere(notebook_set):
    for number in range(11, -1, -1):
        (notebook_set / "spectograms" / f"{number}.png").rename(notebook_set / "spectograms" / f"{number + 3}.png")
    assert load_image_set(notebook_set).images[:, 0, 0, 0].tolist() == list(range(12))
