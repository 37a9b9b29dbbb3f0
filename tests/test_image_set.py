import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

from emospec import image_work
from emospec.audio import read_audio
from emospec.errors import ConfigError, EmospecError, ImageSetError
from emospec.image_set import ImageSet, load_image_set, make_images
from emospec.images import to_image
from emospec.spectrogram import MelConfig

MEL = MelConfig(sample_rate=8000, n_fft=256, win_length=256, hop_length=128, n_mels=12, height=12, width=10)
EMOTIONS = ("angry", "fear", "happy", "sad", "neutral")


def recording(path: Path, hertz: float) -> str:
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * hertz * np.arange(1600) / 8000), 8000)
    return str(path)


@pytest.fixture
def clips(tmp_path: Path) -> pd.DataFrame:
    """Ten clips, two of each emotion; the columns are some of those that `load_corpus` gives."""
    (tmp_path / "audio").mkdir()
    rows = [
        {
            "path": recording(tmp_path / "audio" / f"{n}.wav", 200 + 100 * n),
            "corpus": "made",
            "emotion": EMOTIONS[n % 5],
        }
        for n in range(10)
    ]
    return pd.DataFrame(rows).assign(speaker=["01", "NA"] * 5, age=pd.array([30, None] * 5, dtype="Int64"))


@pytest.fixture
def made(clips: pd.DataFrame, tmp_path: Path) -> Path:
    return make_images(clips, tmp_path / "set", mel=MEL).path


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


def break_recording(clips: pd.DataFrame, number: int) -> None:
    Path(clips["path"][number]).write_bytes(b"no audio")


def count_reads(monkeypatch: pytest.MonkeyPatch, interrupt_at: int | None = None) -> list[str]:
    paths: list[str] = []

    def read(path: str, *arguments: object, **options: object) -> object:
        if len(paths) == interrupt_at:
            raise KeyboardInterrupt
        paths.append(path)
        return read_audio(path, *arguments, **options)

    monkeypatch.setattr(image_work, "read_audio", read)
    return paths


def test_an_image_set_has_the_files_of_its_format(made):
    assert sorted(file.name for file in made.iterdir()) == [
        "clips.csv", "image_set.json", "labels.npy", "skipped.csv", "spectrograms",
    ]  # fmt: skip


def test_only_clips_of_the_classes_are_used_in_their_order(clips, made):
    expected = clips[clips["emotion"] != "neutral"]["path"].tolist()
    assert load_image_set(made).clips["path"].tolist() == expected


def test_each_image_is_the_picture_of_its_clip(made):
    loaded = load_image_set(made)
    for image, path in zip(loaded.images, loaded.clips["path"], strict=True):
        np.testing.assert_array_equal(image[:, :, 0], to_image(read_audio(path, 8000), MEL))


def test_labels_are_positions_in_the_classes(made):
    loaded = load_image_set(made)
    assert (loaded.labels.tolist(), loaded.labels.dtype) == ([0, 1, 2, 3] * 2, np.int32)
    assert loaded.classes.decode(loaded.labels) == loaded.clips["emotion"].tolist()


def test_what_is_known_of_a_clip_survives(clips, made):
    loaded = load_image_set(made).clips
    assert loaded["speaker"].tolist() == ["01", "NA", "01", "NA", "NA", "01", "NA", "01"]
    assert loaded["age"].isna().tolist() == [False, True, False, True, True, False, True, False]
    assert loaded["text"].isna().all()


def test_settings_and_versions_are_written_down(made):
    info = json.loads((made / "image_set.json").read_text(encoding="utf-8"))
    assert (MelConfig.from_dict(info["mel"]), info["style"], info["n_images"]) == (MEL, "gray", 8)
    assert "numpy" in info["versions"]


def test_notebook_style_is_coloured(clips, tmp_path):
    summary = make_images(clips, tmp_path / "set", mel=MEL, style="notebook", classes="sad,angry")
    assert load_image_set(summary.path).input_shape == (12, 10, 3)


def test_two_workers_make_the_same_set_as_one(clips, made, tmp_path):
    many = pd.concat([clips] * 3)
    hashes = [
        json.loads((make_images(many, tmp_path / name, mel=MEL, workers=n).path / "image_set.json").read_text())["hash"]
        for name, n in (("one", 1), ("two", 2))
    ]
    assert hashes[0] == hashes[1]


def test_a_clip_that_cannot_be_read_is_listed_and_leaves_no_gap(clips, tmp_path):
    break_recording(clips, 1)
    summary = make_images(clips, tmp_path / "set", mel=MEL)
    names = sorted(file.name for file in (summary.path / "spectrograms").iterdir())
    assert names == [f"{n:06}.png" for n in range(7)]
    skipped = pd.read_csv(summary.path / "skipped.csv")
    assert skipped["path"].tolist() == [clips["path"][1]]
    assert skipped["reason"][0].startswith("cannot be read as audio")


def test_after_a_gap_images_still_belong_to_their_clips(clips, tmp_path):
    break_recording(clips, 1)
    loaded = load_image_set(make_images(clips, tmp_path / "set", mel=MEL).path, verify=True)
    np.testing.assert_array_equal(loaded.images[-1][:, :, 0], to_image(read_audio(clips["path"][8], 8000), MEL))


def test_the_summary_counts_images_by_class_and_names_what_was_left_out(clips, tmp_path):
    break_recording(clips, 1)
    text = str(make_images(clips, tmp_path / "set", mel=MEL))
    assert "7 images in" in text
    assert "angry 2, fear 1, happy 2, sad 2" in text
    assert clips["path"][1] in text


def test_a_class_without_clips_is_refused_before_any_work(clips, tmp_path):
    with pytest.raises(ImageSetError, match="no clip of class disgust among 10 clips"):
        make_images(clips, tmp_path / "set", classes="six")
    assert not list(tmp_path.glob("set*"))


def test_a_class_without_a_readable_clip_is_refused(clips, tmp_path):
    break_recording(clips, 0)
    break_recording(clips, 5)
    with pytest.raises(ImageSetError, match=r"no clip of class angry can be used: .*0\.wav cannot be read"):
        make_images(clips, tmp_path / "set", mel=MEL)


@pytest.mark.parametrize("options", [{"style": "grey"}, {"classes": "angry,merry"}, {"workers": -1}])
def test_unknown_options_are_refused(clips, tmp_path, options):
    with pytest.raises(ConfigError):
        make_images(clips, tmp_path / "set", **options)


def test_interrupted_work_goes_on_where_it_stopped(clips, tmp_path, monkeypatch):
    count_reads(monkeypatch, interrupt_at=5)
    with pytest.raises(KeyboardInterrupt):
        make_images(clips, tmp_path / "set", mel=MEL)
    assert not (tmp_path / "set").exists()
    paths = count_reads(monkeypatch)
    make_images(clips, tmp_path / "set", mel=MEL)
    assert len(paths) == 3
    assert len(load_image_set(tmp_path / "set", verify=True)) == 8
    assert not list(tmp_path.glob("*.partial*"))


def test_a_clip_that_was_mended_after_an_interruption_is_used(clips, tmp_path, monkeypatch):
    sound = Path(clips["path"][1]).read_bytes()
    break_recording(clips, 1)
    with monkeypatch.context() as patch:
        patch.setattr(image_work, "_write_tables", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make_images(clips, tmp_path / "set", mel=MEL)
    Path(clips["path"][1]).write_bytes(sound)
    paths = count_reads(monkeypatch)
    make_images(clips, tmp_path / "set", mel=MEL)
    assert paths == [clips["path"][1]]
    assert len(load_image_set(tmp_path / "set", verify=True)) == 8


def test_a_line_of_the_record_that_was_cut_short_is_drawn_again(clips, tmp_path, monkeypatch):
    count_reads(monkeypatch, interrupt_at=5)
    with pytest.raises(KeyboardInterrupt):
        make_images(clips, tmp_path / "set", mel=MEL)
    record = next(tmp_path.glob("*.partial*")) / "record.txt"
    record.write_text(record.read_text()[:-9])
    monkeypatch.undo()
    assert len(load_image_set(make_images(clips, tmp_path / "set", mel=MEL).path, verify=True)) == 8


def test_the_same_command_again_leaves_the_set_alone(clips, made, monkeypatch):
    paths = count_reads(monkeypatch)
    summary = make_images(clips, made, mel=MEL)
    assert (summary.is_new, summary.n_images, paths) == (False, 8, [])
    assert "nothing to do" in str(summary)


@pytest.mark.parametrize("options", [{"style": "notebook"}, {"mel": None}, {"classes": "angry,sad"}])
def test_other_settings_do_not_overwrite_a_set(clips, made, options):
    before = (made / "image_set.json").read_bytes()
    with pytest.raises(ImageSetError, match="other clips or settings"):
        make_images(clips, made, **{"mel": MEL, **options})
    assert (made / "image_set.json").read_bytes() == before


def test_a_folder_with_other_things_in_it_is_not_written_to(clips, tmp_path):
    with pytest.raises(EmospecError, match="exists already"):
        make_images(clips, tmp_path / "audio", mel=MEL)


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
        ("['sad'\n'happy', 'fear', 'angry']", "angry"),
        ("sad, happy\nfear, angry", "sad"),
        ("?!", "angry"),
        ("", "angry"),
    ],
)
def test_the_notebooks_classes_are_those_of_its_text_or_the_usual_four(notebook_set, text, classes):
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
