import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from bundle_samples import CALIBRATION, write_made_bundle
from commands import run as run_command
from emospec import export_formats, export_to, exportable
from emospec.bundle import load_bundle
from emospec.errors import ConfigError, EmospecError
from emospec.export import sample_waveforms, step_by_step, write_bundle
from emospec.export_to import ExportedFile, check_new_file
from emospec.export_to import export_to as exported_to
from emospec.images import to_image
from emospec.keras_graph import in_float32
from emospec.mel import MelConfig
from emospec.models import build_model, load_model
from emospec.runs import Run
from emospec.settings import TrainConfig
from emospec.training import train
from samples import CLASSES, image_set

MEL = MelConfig(n_fft=512, win_length=512, hop_length=256, n_mels=24, height=24, width=24)
CONFIG = TrainConfig(
    model="3layer", filters=(4, 4, 8), epochs=3, batch_size=8, learning_rate=0.01, precision="bfloat16"
)
FORMATS = tuple(export_formats.FORMATS)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train_on(MEL, tmp_path_factory.mktemp("runs") / "run")


def train_on(mel: MelConfig, folder: Path) -> Run:
    return train(replace(image_set(), mel=mel), CONFIG, folder, say=lambda line: None)


@pytest.fixture(scope="module")
def bundle(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    facts = {"name": "my voices", "licence": "MIT"}
    return write_bundle(run, tmp_path_factory.mktemp("bundles") / "made", calibration=CALIBRATION, facts=facts)


@pytest.fixture(scope="module")
def files(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExportedFile]:
    folder = tmp_path_factory.mktemp("files")
    return {to: exported_to(bundle, to, folder / f"voice.{to}") for to in FORMATS}


def by_onnx(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    session = onnxruntime.InferenceSession(path)
    return lambda waveform: session.run(["probabilities"], {"waveform": waveform[np.newaxis]})[0][0]


def by_tflite(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    runner = tf.lite.Interpreter(str(path)).get_signature_runner()
    return lambda waveform: runner(waveform=waveform[np.newaxis])["probabilities"][0]


def by_keras(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    model = load_model(path)
    return lambda wave: CALIBRATION.apply(model.predict_on_batch(to_image(wave, MEL)[np.newaxis, ..., np.newaxis]))[0]


OPENED_BY_OTHERS = {"onnx": by_onnx, "tflite": by_tflite, "keras": by_keras}


@pytest.mark.parametrize("to", FORMATS)
def test_a_file_gives_the_probabilities_of_keras_step_by_step(
    to: str, run: Run, files: dict[str, ExportedFile]
) -> None:
    clips = sample_waveforms(MEL, seed=7)
    expected = step_by_step(in_float32(load_model(run.path / "model.keras")), clips, MEL, CALIBRATION)
    score = OPENED_BY_OTHERS[to](files[to].path)
    assert np.ptp(expected, axis=0).max() > 0.01  # the clips differ to it
    np.testing.assert_allclose([score(clip) for clip in clips], expected, atol=1e-4)


@pytest.mark.parametrize("to", FORMATS)
def test_a_card_says_what_the_file_is_and_how_exact_and_fast(to: str, run: Run, files: dict[str, ExportedFile]) -> None:
    path = files[to].path
    card = json.loads(path.with_name(path.name + ".card.json").read_text(encoding="utf-8"))
    assert card == files[to].card
    assert (card["file"], card["to"], card["name"], card["licence"]) == (path.name, to, "my voices", "MIT")
    assert card["bytes"] == len(path.read_bytes())
    assert card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert card["classes"] == list(CLASSES)
    assert (card["sample_rate"], card["threshold"], card["temperature"]) == (16000, 0.4, 1.5)
    assert card["n_parameters"] == load_model(run.path / "model.keras").count_params()
    assert 0 < card["parity"]["greatest_difference"] <= 1e-4
    assert card["latency"]["median_ms"] > 0
    assert card["latency"]["processor"]
    assert MelConfig.from_dict(card["images"]["mel"]) == MEL


@pytest.mark.parametrize("to", ["onnx", "tflite"])
def test_names_and_shapes_on_the_card_are_those_of_the_file(to: str, files: dict[str, ExportedFile]) -> None:
    card = files[to].card
    if to == "onnx":
        session = onnxruntime.InferenceSession(files[to].path)
        ports = {each.name: each.shape for each in [*session.get_inputs(), *session.get_outputs()]}
    else:
        runner = tf.lite.Interpreter(str(files[to].path)).get_signature_runner()
        details = runner.get_input_details() | runner.get_output_details()
        shapes = {name: each["shape_signature"].tolist() for name, each in details.items()}
        ports = {name: ["n_samples" if size == -1 else size for size in shape] for name, shape in shapes.items()}
    assert {port["name"]: list(port["shape"]) for port in [*card["inputs"], *card["outputs"]]} == ports


def test_a_printed_card_names_size_difference_time_and_threshold(files: dict[str, ExportedFile]) -> None:
    text = str(files["tflite"])
    for part in ("voice.tflite: 0.", "waveform float32 (1, n_samples)", "uncertain below 0.400", " ms ", "1 thread of"):
        assert part in text


def test_an_onnx_file_says_its_classes_rate_and_threshold_itself(files: dict[str, ExportedFile]) -> None:
    facts = onnxruntime.InferenceSession(files["onnx"].path).get_modelmeta().custom_metadata_map
    assert json.loads(facts["classes"]) == list(CLASSES)
    assert (facts["sample_rate"], facts["threshold"], facts["name"]) == ("16000", "0.4", "my voices")


def test_a_bundles_network_is_taken_away_as_it_stands_there(bundle: Path, files: dict[str, ExportedFile]) -> None:
    assert files["keras"].path.read_bytes() == (bundle / "model.keras").read_bytes()


@pytest.mark.parametrize("to", FORMATS)
def test_a_run_gives_the_same_answers_as_a_file(to: str, run: Run, tmp_path: Path) -> None:
    made = exported_to(run.path, to, tmp_path / f"made.{to}", facts={"licence": "CC0"})
    assert made.card["parity"]["reference"] == "Keras on drawn images"
    assert (made.card["name"], made.card["licence"], made.card["threshold"]) == ("run", "CC0", None)
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"made.{to}", f"made.{to}.card.json"]


def test_without_a_name_the_file_is_called_as_the_model(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert exported_to(bundle, "onnx").path == Path("my-voices.onnx")
    assert (tmp_path / "my-voices.onnx.card.json").is_file()


@pytest.mark.parametrize("to", FORMATS)
def test_a_file_that_differs_is_not_written(to: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exportable, "to_image", lambda *given: 255 - to_image(*given))
    if to == "keras":  # draws nothing, so that only its weights can differ
        monkeypatch.setattr(export_formats, "load_model", lambda path: other_network())
    with pytest.raises(ConfigError, match=f"the {to} file of .* differs from Keras on drawn images by"):
        exported_to(run.path, to, tmp_path / f"made.{to}")
    assert list(tmp_path.iterdir()) == []


def other_network() -> object:
    return build_model("3layer", (24, 24, 1), 4, filters=(4, 4, 8))


@pytest.mark.parametrize("to", ["keras", "tflite"])
def test_a_network_that_is_not_that_of_its_bundle_is_refused(to: str, bundle: Path, tmp_path: Path) -> None:
    shutil.copytree(bundle, tmp_path / "mixed")
    other_network().save(tmp_path / "mixed" / "model.keras")
    with pytest.raises(ConfigError, match="differs from the graph of the bundle by"):
        exported_to(tmp_path / "mixed", to, tmp_path / f"made.{to}")
    assert [each.name for each in tmp_path.iterdir()] == ["mixed"]


def test_a_network_for_other_images_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exportable, "drawing_of", lambda run: (replace(MEL, length="stretch"), "notebook"))
    with pytest.raises(ConfigError, match=r"takes images of \(24, 24, 1\) and gives 4 .* expected \(24, 24, 3\) and 4"):
        exported_to(run.path, "keras", tmp_path / "made.keras")


def test_a_bundle_without_its_network_gives_its_graph_and_nothing_else(tmp_path: Path) -> None:
    folder = write_made_bundle(tmp_path / "made")
    made = exported_to(folder, "onnx", tmp_path / "made.onnx")
    assert made.card["parity"] | {"n_waveforms": 9} == {
        "reference": "the graph of the bundle",
        "n_waveforms": 9,
        "greatest_difference": 0.0,
        "allowed": 1e-4,
    }
    assert made.card["n_parameters"] is None
    with pytest.raises(ConfigError, match=r"holds no model\.keras, which this format is made from; export the run"):
        exported_to(folder, "tflite", tmp_path / "made.tflite")


def test_stretched_clips_are_drawn_in_no_file_but_their_network_can_be_taken_away(tmp_path: Path) -> None:
    run = train_on(replace(MEL, length="stretch"), tmp_path / "run")
    assert exported_to(run.path, "keras", tmp_path / "made.keras").card["images"]["mel"]["length"] == "stretch"
    for to in ("onnx", "tflite"):
        with pytest.raises(ConfigError, match="draws clips with length 'pad', this model's images have 'stretch'"):
            exported_to(run.path, to, tmp_path / f"made.{to}")


@pytest.mark.parametrize("to", FORMATS)
def test_a_run_of_several_folds_is_refused_with_the_name_of_one(
    to: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exportable, "load_run", lambda path: replace(run, folds=("a", "b")))
    with pytest.raises(ConfigError, match=r"a model for each of 2 folds; export one of them, such as .*folds/a"):
        exported_to(run.path, to, tmp_path / f"made.{to}")


@pytest.mark.parametrize("taken", ["voice.onnx", "voice.onnx.card.json"])
def test_nothing_is_written_over(taken: str, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / taken).symlink_to("nowhere")  # a name that leads nowhere is taken too
    with pytest.raises(ConfigError, match=f"{taken} exists already"):
        exported_to(bundle, "onnx", tmp_path / "voice.onnx")
    assert [each.name for each in tmp_path.iterdir()] == [taken]


def test_a_file_has_the_suffix_of_its_format(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"voice\.onnx does not end in \.tflite; name such a file for --to tflite"):
        check_new_file(tmp_path / "voice.onnx", "tflite")


def test_what_is_neither_a_run_nor_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is neither a run nor a bundle"):
        exported_to(tmp_path, "onnx", tmp_path / "made.onnx")


def test_where_no_threshold_is_good_enough_every_answer_is_uncertain(tmp_path: Path) -> None:
    none_found = CALIBRATION.to_dict() | {"threshold": None}
    made = exported_to(write_made_bundle(tmp_path / "a", calibration=none_found), "onnx", tmp_path / "a.onnx")
    assert made.card["threshold"] == 1.0
    none_sought = exported_to(write_made_bundle(tmp_path / "b", calibration=None), "onnx", tmp_path / "b.onnx")
    assert none_sought.card["threshold"] is None
    facts = onnxruntime.InferenceSession(none_sought.path).get_modelmeta().custom_metadata_map
    assert "threshold" not in facts


def test_a_bundle_has_its_own_name(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a bundle, which has its own name, licence and calibration"):
        exported_to(bundle, "onnx", tmp_path / "made.onnx", facts={"name": "mine"})


def test_an_unknown_format_is_refused_with_those_that_are_known(bundle: Path) -> None:
    with pytest.raises(ConfigError, match="unknown format 'gguf'; known: onnx, tflite, keras"):
        exported_to(bundle, "gguf")


def test_a_place_that_cannot_be_written_is_told_in_a_line(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmospecError, match="cannot be written"):
        exported_to(bundle, "onnx", tmp_path / "file" / "made.onnx")


def test_the_command_writes_a_file_and_prints_its_card(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("export", bundle, "--to", "tflite", "--out", tmp_path / "a.tflite") == 0
    printed = capsys.readouterr()
    assert "differs by" in printed.out
    assert f"card: {tmp_path / 'a.tflite.card.json'}" in printed.out
    assert printed.err == ""


def test_without_a_format_the_command_writes_a_bundle(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("export", run.path, "--out", tmp_path / "made") == 0
    assert load_bundle(tmp_path / "made").classes.classes == CLASSES
    assert "holds model.onnx" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shipped"], "export has no --out: name a new folder for a bundle, or choose one file with --to"),
        (["shipped", "--out", "new"], "shipped is a bundle already; take it away as one file with --to"),
        (["shipped", "--to", "onnx", "--out", "a.tflite"], "a.tflite does not end in .onnx"),
        (["nix", "--to", "onnx", "--out", "a.onnx"], "nix is neither a run nor a bundle"),
        (["shipped", "--to", "coreml"], "coreml"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command("export", *arguments) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_difference_of_nan_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_to, "expected_scores", lambda *given: ("nothing", np.full(4, np.nan)))
    with pytest.raises(ConfigError, match="differs from nothing by nan"):
        exported_to(run.path, "onnx", tmp_path / "made.onnx")
