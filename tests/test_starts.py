"""What a model has heard counts wherever it goes, and what can't be started from is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emospec import bundle as bundle_module
from emospec import starts, training
from emospec.bundle import load_bundle
from emospec.errors import ConfigError, SplitError
from emospec.export import write_bundle
from emospec.heard import Start, all_known, together
from emospec.image_set import ImageSet
from emospec.judging import judge_again
from emospec.leak_gap import check_start, leak_gap
from emospec.mel import NOTEBOOK_MEL, MelConfig
from emospec.models import load_model
from emospec.runs import Run, heard_in, load_run
from emospec.scorers import audited_run
from emospec.splits import Split
from emospec.starts import check_strangers, drawing_like, find_source, notice_of_heard
from emospec.training import train, with_start
from fine_tuning_samples import (
    CONFIG,
    FINE,
    MEL,
    STILL,
    drawn,
    from_model,
    interrupt_at,
    quietly,
    renamed,
    scores,
    speakers_in,
)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(drawn(), CONFIG, tmp_path_factory.mktemp("start") / "run", say=quietly)


@pytest.fixture(scope="module")
def others() -> ImageSet:
    return drawn("other")


@pytest.fixture(scope="module")
def tuned(start: Run, others: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(others, from_model(start), tmp_path_factory.mktemp("tuned") / "run", say=quietly)


@pytest.fixture(scope="module")
def bundle(start: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with the Keras model beside the graph."""
    out = write_bundle(start, tmp_path_factory.mktemp("bundles") / "made")
    if not (out / "model.keras").exists():
        load_model(start.path / "model.keras").save(out / "model.keras")
    return out


# whom it has heard


@pytest.mark.parametrize("protocol", ["speakers", "kfold-speakers:3", "loso"])
def test_test_speakers_that_the_start_has_heard_are_refused(start: Run, tmp_path: Path, protocol: str) -> None:
    with pytest.raises(
        SplitError, match=r"test speakers, such as made/s\d, were heard by .* in its training; train on"
    ):
        train(drawn(), from_model(start, replace(FINE, protocol=protocol, seed=1)), tmp_path / "run", say=quietly)
    assert not (tmp_path / "run").exists()


def test_the_same_split_keeps_the_test_speakers_of_the_start_unheard(start: Run, tmp_path: Path) -> None:
    run = train(drawn(), from_model(start), tmp_path / "run", say=quietly)
    assert run.report()["speakers_seen_in_training"] == 0
    assert run.split().test.tolist() == start.split().test.tolist()


def test_under_protocol_all_nobody_is_tested_so_nobody_is_refused(start: Run, tmp_path: Path) -> None:
    run = train(drawn(), from_model(start, replace(FINE, protocol="all")), tmp_path / "run", say=quietly)
    assert len(run.training_speakers() or ()) == 6


def parted(clips: pd.DataFrame, tested: str, protocol: str) -> Split:
    """One speaker is tested, another one validates."""
    rest = sorted(set(clips["speaker"]) - {tested})
    rows = [np.flatnonzero(clips["speaker"].isin(names)) for names in (rest[:-1], rest[-1:], [tested])]
    return Split(*rows, protocol, 0)


def test_a_random_protocol_counts_in_red_whom_only_the_start_has_heard(
    start: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = sorted(speakers_in(start, "train"))[0]
    strangers = {f"s{number}": f"new{number}" for number in range(6) if f"s{number}" != heard}
    images = renamed(drawn(), strangers)
    monkeypatch.setattr(training, "make_splits", lambda clips, *_, **__: (parted(clips, heard, "notebook"),))
    run = train(images, from_model(start, replace(FINE, protocol="notebook")), tmp_path / "run", say=quietly)
    assert speakers_in(run, "test") == {heard}
    assert heard not in speakers_in(run, "train")
    assert (run.report()["n_speakers"], run.report()["speakers_seen_in_training"]) == (1, 1)
    assert "also in training" in (run.path / "report.html").read_text(encoding="utf-8")


def test_a_start_that_does_not_say_who_speaks_is_refused_where_speakers_are_parted(tmp_path: Path) -> None:
    nameless = renamed(drawn(), {"s0": pd.NA})
    first = train(nameless, replace(CONFIG, epochs=1, protocol="all"), tmp_path / "first", say=quietly)
    images = drawn("other")
    with pytest.raises(SplitError, match="doesn't say of all clips that it has heard who speaks, so nobody can tell"):
        train(images, from_model(first), tmp_path / "run", say=quietly)
    run = train(images, from_model(first, replace(FINE, protocol="notebook")), tmp_path / "random", say=quietly)
    assert run.training_speakers() is None
    assert run.report()["speakers_seen_in_training"] is None
    assert "Nobody can tell whether the speakers" in (run.path / "report.html").read_text(encoding="utf-8")


def test_a_run_that_does_not_know_of_all_clips_who_spoke_is_not_said_to_have_heard_nobody(tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=1, protocol="kfold-random:2")
    run = train(renamed(drawn(), {"s0": pd.NA}), config, tmp_path / "run", say=quietly)
    assert run.training_speakers() is None
    assert run.report()["speakers_seen_in_training"] is None
    model = audited_run(run.path)
    assert model.training_speakers is None
    assert "made/s1" in model.surely_heard


def test_a_start_that_records_nobody_is_not_forgotten(start: Run) -> None:
    assert all_known(start.heard())
    assert not all_known(replace(start, start=Start(Path("x"), "0", start.classes, {})).heard())


# clips that it may have heard


def test_under_a_random_protocol_the_report_warns_of_clips_that_the_start_may_know(start: Run, tmp_path: Path) -> None:
    config = from_model(start, replace(FINE, epochs=1, protocol="kfold-random:2"))
    run = train(drawn(), config, tmp_path / "run", facts={"notice": "Made of noise."}, say=quietly)
    heard = len(speakers_in(start, "train") | speakers_in(start, "validation"))
    said = (
        f"Made of noise. The model that this training started from (run) heard {heard} of 6 test speakers, perhaps in"
    )
    assert run.report()["notice"].startswith(said)
    assert run.settings()["notice"] == run.report()["notice"]
    assert "perhaps in these very clips" in (run.path / "report.html").read_text(encoding="utf-8")


def test_a_start_that_has_heard_nobody_of_the_test_needs_no_warning(
    start: Run, others: ImageSet, tmp_path: Path
) -> None:
    config = from_model(start, replace(FINE, epochs=1, protocol="notebook"))
    assert "notice" not in train(others, config, tmp_path / "run", say=quietly).report()


def test_a_start_may_know_clips_that_do_not_say_who_speaks(start: Run) -> None:
    heard, known = find_source(start.path).start, drawn("other")
    parts = (parted(known.clips, "s0", "notebook"),)
    assert notice_of_heard(heard, parts, known.clips) is None
    nameless = renamed(known, {"s0": pd.NA}).clips
    assert "may have heard these very test clips" in (notice_of_heard(heard, parts, nameless) or "")
    unknown = replace(heard, corpora={"made": {"n_clips": 9, "speakers": []}})
    assert "may have heard these very test clips" in (notice_of_heard(unknown, parts, known.clips) or "")
    nobody = replace(parts[0], test=parts[0].test[:0])
    assert notice_of_heard(unknown, (nobody,), known.clips) is None


def test_a_leak_gap_from_a_model_that_has_heard_the_speakers_is_refused_before_any_training(
    start: Run, tmp_path: Path
) -> None:
    said: list[str] = []
    with pytest.raises(ConfigError, match=r"run has heard \d of these 6 speakers, so a leak gap from it would tell"):
        leak_gap(drawn(), from_model(start), tmp_path / "gap", folds=2, say=said.append)
    nameless = train(renamed(drawn("x"), {"s0": pd.NA}), replace(STILL, protocol="all"), tmp_path / "x", say=quietly)
    with pytest.raises(ConfigError, match="has heard clips that don't say who speaks, so a leak gap"):
        leak_gap(drawn(), from_model(nameless), tmp_path / "gap", folds=2, say=said.append)
    assert said == []
    assert not (tmp_path / "gap").exists()


def test_a_leak_gap_can_start_from_a_model_that_has_heard_none_of_the_speakers(start: Run, others: ImageSet) -> None:
    check_start(others, str(start.path))


def test_a_random_protocol_of_folds_says_that_nobody_knows_either(tmp_path: Path) -> None:
    nameless = renamed(drawn(), {"s0": pd.NA})
    first = train(nameless, replace(CONFIG, epochs=1, protocol="all"), tmp_path / "first", say=quietly)
    config = from_model(first, replace(FINE, epochs=1, protocol="kfold-random:2"))
    assert train(drawn("other"), config, tmp_path / "run", say=quietly).report()["speakers_seen_in_training"] is None


def test_a_tuned_model_knows_the_voices_of_both_trainings(start: Run, tuned: Run, others: ImageSet) -> None:
    before = {f"made/{speaker}" for speaker in speakers_in(start, "train") | speakers_in(start, "validation")}
    assert tuned.training_speakers() == before | {f"other/{speaker}" for speaker in speakers_in(tuned, "train")}
    now = {f"other/{speaker}" for speaker in speakers_in(tuned, "train") | speakers_in(tuned, "validation")}
    assert audited_run(tuned.path).training_speakers == before | now


def test_a_tuned_run_can_be_judged_again(tuned: Run, others: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tuned.report()
    monkeypatch.setattr("emospec.judging.load_image_set", lambda _: others)
    judge_again(tuned.path)
    assert tuned.report() == before


def test_what_the_start_of_a_start_has_heard_is_not_forgotten(start: Run, tuned: Run, tmp_path: Path) -> None:
    third = train(drawn("third"), from_model(tuned, replace(FINE, epochs=1)), tmp_path / "third", say=quietly)
    assert set(third.heard()) == {"made", "other", "third"}
    assert third.heard()["made"] == start.heard()["made"]
    heard = sorted(speakers_in(start, "train"))[0]
    split = parted(drawn().clips, heard, "speakers")
    with pytest.raises(SplitError, match=f"1 of 1 test speakers, such as made/{heard}, were heard by"):
        check_strangers(find_source(third.path).start, (split,), drawn().clips)


def test_heard_clips_are_counted_by_corpus_and_added_up() -> None:
    clips = pd.DataFrame({"corpus": ["a", "a", "b", None, "a"], "speaker": ["1", "2", None, "3", "1"]}, dtype="string")
    heard = heard_in(clips)
    assert heard == {
        "a": {"n_clips": 3, "speakers": ["1", "2"]},
        "b": {"n_clips": 1, "speakers": [], "n_clips_without_speaker": 1},
        "unknown": {"n_clips": 1, "speakers": [], "n_clips_without_speaker": 1},
    }
    more = together(heard, {"a": {"n_clips": 2, "speakers": ["9"]}, "c": {"n_clips": 1, "speakers": ["1"]}})
    assert more["a"] == {"n_clips": 5, "speakers": ["1", "2", "9"]}
    assert sorted(more) == ["a", "b", "c", "unknown"]
    known = [all_known(corpora) for corpora in (heard, {"a": heard["a"]}, {}, {"a": {"n_clips": 1, "speakers": []}})]
    assert known == [False, True, False, False]
    assert Start(Path("x"), "0", ("sad",), {"a": heard["a"]}).speakers == {"a/1", "a/2"}


# bundles


def test_a_bundle_can_be_started_from(start: Run, bundle: Path, others: ImageSet, tmp_path: Path) -> None:
    run = train(others, from_model(bundle, STILL), tmp_path / "run", say=quietly)
    np.testing.assert_allclose(scores(run.path, others), scores(start.path, others), atol=1e-5)
    assert run.heard()["made"] == start.heard()["made"]
    with pytest.raises(SplitError, match=r"test speakers, such as made/s\d, were heard by .*made in its training"):
        train(drawn(), from_model(bundle, replace(FINE, seed=1)), tmp_path / "heard", say=quietly)


def test_the_bundle_that_came_with_emospec_has_a_name(
    bundle: Path, others: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_module, "shipped_bundle", lambda: bundle)
    assert find_source("shipped").start.path == bundle.resolve()
    assert drawing_like("shipped") == (MEL, "gray")
    assert with_start(from_model(Path("shipped")), others)[0].start_from == str(bundle.resolve())


def test_a_bundle_of_a_tuned_model_names_all_whom_it_has_heard_and_no_folder(tuned: Run, tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tuned, tmp_path / "bundle"))
    assert {key.partition("/")[0] for key in bundle.training_speakers} == {"made", "other"}
    assert tuned.start is not None
    assert bundle.facts["training"]["started_from"] == {"name": "run", "sha256": tuned.start.sha256}
    assert str(tuned.start.path) not in (tmp_path / "bundle" / "bundle.json").read_text()


def test_a_bundle_without_a_keras_model_is_refused(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "bundle.json").write_bytes((bundle / "bundle.json").read_bytes())
    with pytest.raises(ConfigError, match=r"bundle holds no model\.keras, .*export the model again"):
        find_source(tmp_path / "bundle")


# what can't be started from


def test_a_folder_with_nothing_to_start_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is neither a run nor a bundle \(no run\.toml, no bundle\.json\)"):
        find_source(tmp_path)


def test_a_start_that_is_not_finished_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.ProgressLine, "on_epoch_begin", interrupt_at(0))
    with pytest.raises(KeyboardInterrupt):
        train(drawn(), CONFIG, tmp_path / "first", say=quietly)
    with pytest.raises(ConfigError, match="is not finished"):
        find_source(tmp_path / "first")


# images


def test_images_drawn_otherwise_are_refused_with_what_differs(start: Run, others: ImageSet, tmp_path: Path) -> None:
    other = replace(others, mel=replace(MEL, hop_length=128, fmax=4000.0))
    match = (
        r"hop_length 128, there 256; fmax 4000\.0, there None; draw the clips anew with `emospec images --like .*run`"
    )
    with pytest.raises(ConfigError, match=match):
        train(other, from_model(start), tmp_path / "run", say=quietly)
    with pytest.raises(ConfigError, match="style notebook, there gray"):
        train(replace(others, style="notebook"), from_model(start), tmp_path / "run", say=quietly)
    assert not (tmp_path / "run").exists()


def test_images_can_be_drawn_like_those_of_a_run_or_a_bundle(start: Run, bundle: Path) -> None:
    assert drawing_like(start.path) == drawing_like(bundle) == (MEL, "gray")


def test_the_notebooks_own_images_are_drawn_as_its_style_is(
    start: Run, others: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, drawn_again = (replace(others, style="notebook", mel=mel) for mel in (None, NOTEBOOK_MEL))
    monkeypatch.setattr(Run, "settings", lambda self: {"mel": {}, "style": "notebook"})
    assert drawing_like(start.path) == (NOTEBOOK_MEL, "notebook")
    source = find_source(start.path)
    for images in (own, drawn_again):
        starts.check_drawing(images, source)
    with pytest.raises(ConfigError, match="there 22050"):
        starts.check_drawing(replace(others, mel=MelConfig(length="stretch"), style="notebook"), source)


def test_a_run_whose_images_nobody_can_draw_again_is_no_example(start: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "settings", lambda self: {"mel": {}, "style": "gray"})
    with pytest.raises(ConfigError, match="doesn't say how its images were drawn"):
        drawing_like(load_run(start.path).path)
