"""What holds for every corpus, on empty files laid out as the owners publish them."""

import logging
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from emospec.clips import COLUMNS, speaker_keys
from emospec.corpora import CORPORA, load_corpora, load_corpus
from emospec.corpora.core import describe, summary
from emospec.emotions import EMOTIONS
from emospec.errors import ConfigError, CorpusError, EmospecError

# Per corpus: files by layout; each layout holds the same two clips, of these emotions.
LAYOUTS = {
    "crema-d": [
        ["AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_SAD_LO.wav"],
        ["1001_DFA_ANG_XX.wav", "1002_IEO_SAD_LO.wav"],
        ["CREMA-D/AudioWAV/1001_DFA_ANG_XX.FLAC", "CREMA-D/AudioWAV/1002_IEO_SAD_LO.mp3"],
    ],
    "savee": [["AudioData/DC/a01.wav", "AudioData/KL/sa15.wav"], ["ALL/DC_a01.wav", "ALL/KL_sa15.ogg"]],
    "tess": [
        ["OAF_angry/OAF_back_angry.wav", "YAF_sad/YAF_back_sad.wav"],
        ["TESS data/TESS data/OAF_angry/OAF_back_angry.wav", "TESS data/TESS data/YAF_sad/YAF_back_sad.wav"],
    ],
    "ravdess": [
        ["Actor_01/03-01-05-01-02-01-01.wav", "Actor_02/03-01-04-02-01-02-02.wav"],
        ["03-01-05-01-02-01-01.wav", "03-01-04-02-01-02-02.wav"],
    ],
    "emo-db": [["wav/03a01Wa.wav", "wav/16b10Tb.wav"], ["03a01Wa.wav", "16b10Tb.wav"]],
    "folder": [["angry/x.wav", "sad/y.wav"], ["Anger/deeper/x.opus", "sadness/y.aiff"]],
}
CASES = [(name, layout) for name, layouts in LAYOUTS.items() for layout in layouts]


def a_source(name, make_files):
    if name != "csv":
        return make_files(*LAYOUTS[name][0])
    root = make_files("x.wav", "y.wav")
    (root / "clips.csv").write_text("path,emotion\nx.wav,angry\ny.wav,sad\n")
    return root / "clips.csv"


def test_every_corpus_is_tried_here():
    assert set(LAYOUTS) | {"csv"} == set(CORPORA)


@pytest.mark.parametrize(("name", "files"), CASES)
def test_each_layout_is_read(name, files, make_files):
    clips = load_corpus(name, make_files(*files))
    assert sorted(clips["emotion"]) == ["angry", "sad"]
    assert sorted(clips["clip"]) == sorted(Path(file).stem for file in files)


@pytest.mark.parametrize("name", CORPORA)
def test_a_table_has_the_columns_of_every_corpus_and_their_types(name, make_files):
    clips = load_corpus(name, a_source(name, make_files))
    assert tuple(clips.columns) == COLUMNS
    assert [str(kind) for kind in clips.dtypes] == ["Int64" if column == "age" else "string" for column in COLUMNS]


@pytest.mark.parametrize("name", CORPORA)
def test_paths_are_absolute_and_exist(name, make_files, monkeypatch):
    source = a_source(name, make_files)
    monkeypatch.chdir(source.parent)
    paths = load_corpus(name, source.name)["path"].map(Path)
    assert all(path.is_absolute() and path.is_file() for path in paths)


@pytest.mark.parametrize("name", CORPORA)
def test_the_column_corpus_is_the_name(name, make_files):
    assert set(load_corpus(name, a_source(name, make_files))["corpus"]) == {name}


@pytest.mark.parametrize("name", CORPORA)
def test_a_missing_root_is_refused_in_one_line(name, tmp_path):
    with pytest.raises(CorpusError, match=rf"nowhere does not exist; expected .*corpora show {name}") as caught:
        load_corpus(name, tmp_path / "nowhere")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_empty_root_is_refused_with_what_was_looked_for(name, make_files):
    with pytest.raises(CorpusError, match=rf"no \S+ clips under .* \(looked for .*corpora show {name}"):
        load_corpus(name, make_files("notes.txt"))


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_archive_as_root_is_refused(name, make_files):
    with pytest.raises(CorpusError, match=r"is a file; expected the folder of a corpus.*emospec extract"):
        load_corpus(name, make_files("corpus.zip") / "corpus.zip")


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_audio_file_that_does_not_fit_is_listed_and_warned_of(name, make_files, caplog):
    root = make_files(*LAYOUTS[name][0], "stranger.wav")
    clips = load_corpus(name, root)
    assert clips.attrs["unparsed"] == [str(root / "stranger.wav")]
    assert caplog.record_tuples[0][1] == logging.WARNING
    assert "stranger.wav" in caplog.text
    assert len(clips) == 2


def test_a_wrong_corpus_is_refused_with_the_first_name_that_does_not_fit(make_files):
    with pytest.raises(CorpusError, match=r"no CREMA-D clips under .*do not fit: 2, such as OAF_back_angry\.wav"):
        load_corpus("crema-d", make_files(*LAYOUTS["tess"][0]))


def test_an_unknown_corpus_is_refused_with_the_known_ones():
    with pytest.raises(CorpusError, match="unknown corpus 'iemocap'; known: crema-d, savee, tess"):
        load_corpus("iemocap", ".")


def test_a_spelling_that_leads_nowhere_is_refused(make_files):
    with pytest.raises(ConfigError, match="unknown emotion 'furiousness'"):
        load_corpus("folder", make_files("rage/x.wav"), spellings={"rage": "furiousness"})


def test_two_corpora_stand_in_one_table_in_the_order_given(make_files):
    tess = make_files(*LAYOUTS["tess"][0], root="tess")
    crema = make_files(*LAYOUTS["crema-d"][0], root="crema")
    clips = load_corpora([f"tess={tess}", f"crema-d={crema}"])
    assert list(clips["corpus"]) == ["tess", "tess", "crema-d", "crema-d"]
    assert list(clips.index) == [0, 1, 2, 3]


def test_files_left_out_of_several_corpora_are_listed_together(make_files):
    tess = make_files(*LAYOUTS["tess"][0], "a.wav", root="tess")
    crema = make_files(*LAYOUTS["crema-d"][0], "b.wav", root="crema")
    clips = load_corpora([f"tess={tess}", f"crema-d={crema}"])
    assert clips.attrs["unparsed"] == [str(tess / "a.wav"), str(crema / "b.wav")]


def test_a_root_may_hold_an_equals_sign(make_files):
    root = make_files(*LAYOUTS["savee"][0], root="a=b")
    assert len(load_corpora([f"savee={root}"])) == 2


@pytest.mark.parametrize("source", ["crema-d", "crema-d=", "=data", ""])
def test_a_source_without_name_or_root_is_refused(source):
    with pytest.raises(CorpusError, match="does not name a corpus and its folder; expected NAME=ROOT"):
        load_corpora([source])


def test_no_source_is_refused():
    with pytest.raises(CorpusError, match="no corpus given; expected NAME=ROOT"):
        load_corpora([])


def test_a_corpus_given_twice_is_refused(make_files):
    root = make_files(*LAYOUTS["tess"][0])
    with pytest.raises(CorpusError, match=r"2 files are given twice, the first: .*OAF_back_angry"):
        load_corpora([f"tess={root}", f"tess={root}"])


def test_a_file_that_is_listed_and_lies_in_a_folder_of_another_source_is_refused(make_files):
    root = make_files("angry/x.wav", "sad/y.wav")
    table = make_files("z.wav", root="other") / "clips.csv"
    table.write_text("path,emotion\n../other/../root/angry/x.wav,sad\nz.wav,sad\n")
    with pytest.raises(CorpusError, match=r"1 files are given twice, the first: .*root/angry/x\.wav"):
        load_corpora([f"csv={table}", f"folder={root}"])


def test_a_link_to_a_file_of_another_source_is_that_file(make_files):
    root, links = make_files("angry/x.wav", "sad/y.wav"), make_files("angry/a.wav", root="links")
    (links / "sad").symlink_to(root / "sad")
    with pytest.raises(CorpusError, match=r"1 files are given twice, the first: .*links/sad/y\.wav"):
        load_corpora([f"folder={root}", f"folder={links}"])


@pytest.mark.parametrize("value", [3, {"b": "sad"}])
def test_a_spelling_that_is_no_word_is_refused(value, make_files):
    with pytest.raises(ConfigError, match="unknown emotion") as caught:
        load_corpus("folder", make_files("rage/x.wav"), spellings={"rage": value})
    assert "\n" not in str(caught.value)


def test_the_home_of_nobody_is_refused():
    with pytest.raises(EmospecError, match="no such user"):
        load_corpus("folder", "~nosuchuser/audio")


def test_speakers_are_told_apart_across_corpora():
    clips = pd.DataFrame({"corpus": ["a", "b", "b"], "speaker": ["01", "01", None]}, dtype="string")
    keys = speaker_keys(clips)
    assert list(keys[:2]) == ["a/01", "b/01"]
    assert keys.isna().tolist() == [False, False, True]


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=lambda corpus: corpus.name)
def test_the_emotions_of_a_corpus_are_canonical_ones(corpus):
    assert set(corpus.emotions) <= set(EMOTIONS)


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=lambda corpus: corpus.name)
def test_a_description_tells_licence_and_how_to_get_the_corpus(corpus):
    text = describe(corpus)
    assert all(fact in text for fact in (corpus.licence, corpus.citation, corpus.homepage, corpus.how_to_get))


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=lambda corpus: corpus.name)
def test_a_summary_is_one_line_that_starts_with_the_name(corpus):
    assert summary(corpus).startswith(corpus.name)
    assert "\n" not in summary(corpus)


def test_a_licence_stands_beside_its_address():
    licences = [replace(CORPORA["tess"], licence="CC", licence_url=url).full_licence for url in ("", "https://a.b")]
    assert licences == ["CC", "CC https://a.b"]
