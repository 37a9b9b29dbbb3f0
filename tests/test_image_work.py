import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emospec import image_work
from emospec.audio import read_audio
from emospec.errors import ConfigError, EmospecError, ImageSetError
from emospec.image_set import load_image_set, make_images
from emospec.images import to_image
from emospec.mel import MelConfig
from recordings import MEL, recordings

STRETCHED = replace(MEL, length="stretch")


@pytest.fixture
def clips(tmp_path: Path) -> pd.DataFrame:
    return recordings(tmp_path / "audio")


@pytest.fixture
def made(clips: pd.DataFrame, tmp_path: Path) -> Path:
    return make_images(clips, tmp_path / "set", mel=MEL).path


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
    summary = make_images(clips, tmp_path / "set", mel=STRETCHED, style="notebook", classes="sad,angry")
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


def test_the_summary_tells_of_clips_of_other_emotions_each_time(clips, tmp_path):
    for _ in range(2):
        text = str(make_images(clips, tmp_path / "set", mel=MEL, classes=["angry", "sad"]))
        assert "6 clips of other emotions left out: fear 2, happy 2, neutral 2 (--classes chooses)" in text
    assert "other emotions" not in str(make_images(clips, tmp_path / "all", mel=MEL, classes="all"))


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


@pytest.mark.parametrize("n_broken", [0, 1])
def test_an_interruption_while_images_get_their_numbers_loses_none(clips, tmp_path, monkeypatch, n_broken):
    if n_broken:
        break_recording(clips, 1)
    with monkeypatch.context() as patch:
        patch.setattr(image_work, "_write_tables", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make_images(clips, tmp_path / "set", mel=MEL)
    paths = count_reads(monkeypatch)
    made = make_images(clips, tmp_path / "set", mel=MEL)
    assert len(paths) == n_broken  # that is tried again, and nothing else is
    assert len(load_image_set(made.path, verify=True)) == 8 - n_broken


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


@pytest.mark.parametrize("options", [{"style": "notebook", "mel": STRETCHED}, {"mel": None}, {"classes": "angry,sad"}])
def test_other_settings_do_not_overwrite_a_set(clips, made, options):
    before = (made / "image_set.json").read_bytes()
    with pytest.raises(ImageSetError, match="other clips or settings"):
        make_images(clips, made, **{"mel": MEL, **options})
    assert (made / "image_set.json").read_bytes() == before


def test_a_folder_with_other_things_in_it_is_not_written_to(clips, tmp_path):
    with pytest.raises(EmospecError, match="exists already"):
        make_images(clips, tmp_path / "audio", mel=MEL)


def test_all_classes_are_the_emotions_that_the_clips_have_in_the_usual_order(clips, tmp_path):
    made = load_image_set(make_images(clips.iloc[::-1], tmp_path / "set", mel=MEL, classes="all").path)
    assert made.classes.classes == ("angry", "fear", "happy", "neutral", "sad")


def test_all_classes_of_one_emotion_are_too_few(clips, tmp_path):
    with pytest.raises(ConfigError, match="classes sad: expected at least two different emotions"):
        make_images(clips[clips["emotion"] == "sad"], tmp_path / "set", classes="all")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": -1, "mel": MEL}, "workers -1"),
        ({"mel": replace(MEL, n_fft=16, win_length=16, fmin=10.0, fmax=20.0)}, "no Mel band holds a bin of n_fft 16"),
        ({"style": "notebook", "mel": MEL}, "style notebook always draws the whole clip: length 'pad' has no effect"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_any_folder_is_made(clips, tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        make_images(clips, tmp_path / "new" / "set", **options)
    assert not (tmp_path / "new").exists()


def test_the_folder_that_one_is_in_is_refused(clips, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(EmospecError, match="is the folder that you are in"):
        make_images(clips, ".", mel=MEL)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audio", "here"]


def test_a_set_may_be_made_where_a_link_leads(clips, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "set").symlink_to("disk")
    make_images(clips, tmp_path / "set", mel=MEL)
    assert len(load_image_set(tmp_path / "disk")) == 8
