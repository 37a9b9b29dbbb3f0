import filecmp
from importlib.util import find_spec

import numpy as np
import pytest
import soundfile

from emospec import demo
from emospec.corpora import load_corpus
from emospec.demo import make_demo_corpus
from emospec.errors import ConfigError, EmospecError

pytestmark = pytest.mark.skipif(find_spec("parselmouth") is None, reason="praat-parselmouth is not installed")

FOUR = {"angry", "fear", "happy", "sad"}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    return make_demo_corpus(tmp_path_factory.mktemp("demo") / "corpus", n_voices=2, n_texts=3)


@pytest.fixture(scope="module")
def clips(roots):
    return {name: load_corpus(name, root) for name, root in roots.items()}


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def same_bytes(one, other):
    same, _, _ = filecmp.cmpfiles(one, other, [str(path) for path in files(one)], shallow=False)
    return files(one) == files(other) and len(same) == len(files(one))


def mean_of(table, measure):
    """The mean of a measure of the files, one number a speaker and emotion."""
    values = table.assign(value=[measure(path) for path in table["path"]])
    return values.groupby(["speaker", "emotion"])["value"].mean().unstack()


def semitones(path):
    import parselmouth

    frequency = parselmouth.Sound(path).to_pitch_ac(pitch_floor=60, pitch_ceiling=600).selected_array["frequency"]
    return np.median(12 * np.log2(frequency[frequency > 0]))


def decibels(path):
    return 20 * np.log10(np.sqrt(np.mean(soundfile.read(path)[0] ** 2)))


@pytest.mark.parametrize(
    ("corpus", "speakers"),
    [("crema-d", {"1001", "1002"}), ("savee", {"DC", "JE", "JK", "KL"}), ("tess", {"OAF", "YAF"})],
)
def test_every_speaker_acts_every_emotion_in_the_layout_of(corpus, speakers, clips):
    counts = clips[corpus].groupby(["speaker", "emotion"]).size()
    assert set(counts.index) == {(speaker, emotion) for speaker in speakers for emotion in FOUR}
    assert set(counts) == {3}


def test_the_loaders_understand_every_file(clips):
    assert [table.attrs for table in clips.values()] == [{"unparsed": [], "copies": []}] * 3


def test_the_sex_and_age_of_every_crema_d_speaker_are_known(clips):
    assert clips["crema-d"][["sex", "age"]].notna().all(axis=None)


def test_clips_last_about_a_second_and_a_half(clips):
    seconds = [soundfile.info(path).duration for table in clips.values() for path in table["path"]]
    assert min(seconds) > 0.5
    assert max(seconds) < 3.5
    assert 1 < np.mean(seconds) < 2


@pytest.mark.parametrize("corpus", ["crema-d", "savee", "tess"])
@pytest.mark.parametrize("emotion", ["fear", "happy"])
def test_every_voice_is_higher_in_fear_and_joy_than_in_sadness(corpus, emotion, clips):
    pitch = mean_of(clips[corpus], semitones)
    assert (pitch[emotion] > pitch["sad"] + 2).all()


@pytest.mark.parametrize("corpus", ["crema-d", "savee", "tess"])
def test_anger_is_higher_than_sadness_on_average(corpus, clips):
    pitch = mean_of(clips[corpus], semitones)
    assert (pitch["angry"] - pitch["sad"]).mean() > 1


@pytest.mark.parametrize("corpus", ["crema-d", "savee", "tess"])
def test_every_voice_is_louder_in_anger_than_in_sadness(corpus, clips):
    level = mean_of(clips[corpus], decibels)
    assert (level["angry"] > level["sad"] + 2).all()


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_workers(tmp_path):
    make_demo_corpus(tmp_path / "one", n_voices=1, n_texts=1)
    make_demo_corpus(tmp_path / "two", n_voices=1, n_texts=1, workers=2)
    assert same_bytes(tmp_path / "one", tmp_path / "two")


def test_another_seed_gives_other_speech(tmp_path):
    one = make_demo_corpus(tmp_path / "one", n_voices=1, n_texts=1, seed=1)["tess"]
    two = make_demo_corpus(tmp_path / "two", n_voices=1, n_texts=1, seed=2)["tess"]
    assert files(one) == files(two)
    assert not any(filecmp.cmp(one / path, two / path, shallow=False) for path in files(one))


def test_a_speaker_stays_the_same_when_others_join(roots, tmp_path):
    alone = make_demo_corpus(tmp_path / "alone", n_voices=1, n_texts=1)["crema-d"]
    wav = [path for path in files(alone) if path.suffix == ".wav"]
    assert len(wav) == 4
    assert all(filecmp.cmp(alone / path, roots["crema-d"] / path, shallow=False) for path in wav)


def test_the_folder_says_that_the_speech_is_synthetic(roots):
    assert "Synthetic speech" in (roots["tess"].parent / "README.txt").read_text(encoding="utf-8")


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(EmospecError, match="exists already and is not empty"):
        make_demo_corpus(tmp_path)
    assert files(tmp_path) == [(tmp_path / "mine.txt").relative_to(tmp_path)]


def test_an_interrupted_corpus_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(take, *, folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "record", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_demo_corpus(tmp_path / "corpus")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("numbers", [{"n_voices": 0}, {"n_voices": 92}, {"n_texts": 0}, {"n_texts": 13}, {"seed": -1}])
def test_a_number_out_of_range_is_refused_before_anything_is_written(numbers, tmp_path):
    with pytest.raises(ConfigError, match="expected a seed of 0 or more, 1 to 91 voices and 1 to 12 texts"):
        make_demo_corpus(tmp_path / "corpus", **numbers)
    assert list(tmp_path.iterdir()) == []
