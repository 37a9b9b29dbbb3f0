import pytest

from emospec.corpora import load_corpus
from emospec.errors import CorpusError


@pytest.fixture
def a_table(make_files):
    """Return a function that writes a CSV beside the files x.wav and sub/y.wav, and returns its path."""

    def write(text, encoding="utf-8"):
        table = make_files("x.wav", "sub/y.wav") / "list.csv"
        table.write_text(text, encoding=encoding)
        return table

    return write


def test_two_columns_are_enough(a_table):
    clips = load_corpus("csv", a_table("path,emotion\nsub/y.wav,joy\nx.wav,W\n"))
    assert clips[["clip", "emotion"]].to_numpy().tolist() == [["y", "happy"], ["x", "angry"]]
    assert clips[["speaker", "sex", "age", "text", "intensity"]].isna().all(axis=None)


def test_every_column_is_read(a_table):
    table = a_table(
        "path,emotion,speaker,sex,age,text,intensity,corpus,clip,votes\n"
        'x.wav,sad,007,F,31,"Hello, you",high,mine,take 1,sad=3 angry=1\n'
    )
    clip = load_corpus("csv", table).iloc[0]
    assert clip.drop("path").to_dict() == {
        "corpus": "mine", "clip": "take 1", "speaker": "007", "sex": "female", "age": 31,
        "text": "Hello, you", "emotion": "sad", "intensity": "high", "votes": "sad=3 angry=1",
    }  # fmt: skip


def test_paths_are_relative_to_the_folder_of_the_file(a_table, tmp_path, monkeypatch):
    table = a_table("path,emotion\nsub/y.wav,sad\n")
    monkeypatch.chdir(tmp_path)
    assert load_corpus("csv", table)["path"].tolist() == [str(table.parent / "sub" / "y.wav")]


def test_absolute_paths_are_kept(a_table, make_files):
    other = make_files("z.wav", root="other") / "z.wav"
    assert load_corpus("csv", a_table(f"path,emotion\n{other},sad\n"))["path"].tolist() == [str(other)]


def test_a_file_of_excel_with_a_byte_order_mark_is_read(a_table):
    assert len(load_corpus("csv", a_table("Path, Emotion\nx.wav,sad\n", encoding="utf-8-sig"))) == 1


def test_empty_cells_are_not_known(a_table):
    clips = load_corpus("csv", a_table("path,emotion,speaker,age\nx.wav,sad,,\n"))
    assert clips[["speaker", "age"]].isna().all(axis=None)


def test_empty_lines_are_no_rows(a_table):
    assert len(load_corpus("csv", a_table("path,emotion\n\nx.wav,sad\n,\n"))) == 1


def test_a_users_spelling_is_known(a_table):
    clips = load_corpus("csv", a_table("path,emotion\nx.wav,7\n"), spellings={"7": "disgust"})
    assert clips["emotion"].tolist() == ["disgust"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,label\nx.wav,sad\n", r"lacks the column path and emotion \(found: file, label\)"),
        ("path;emotion\nx.wav;sad\n", r"lacks the column path and emotion \(found: path;emotion\)"),
        ("", r"lacks the column path and emotion \(found: nothing\)"),
        ("path,emotion\nx.wav,sad\ngone.wav,sad\n", r"line 3: .*gone\.wav does not exist \(1 of 2 files"),
        ("path,emotion\nx.wav,meh\n", r"line 2: unknown emotion 'meh'"),
        ("path,emotion\nx.wav,\n", r"line 2: unknown emotion ''"),
        ("path,emotion\n,sad\n", r"line 2 has no path"),
        ("path,emotion\nx.wav,sad,more\n", r"line 2 has 3 cells; expected 2"),
        ("path,emotion,age\nx.wav,sad,old\n", r"line 2: age 'old' is not a number"),
        ("path,emotion\nx.wav,sad\nx.wav,happy\n", r"line 3: .*x\.wav is on line 2 already"),
        ("path,emotion\nx.wav,sad\n../root/x.wav,sad\n", r"line 3: .*root/x\.wav is on line 2 already"),
        ("path,emotion\nx.wav,sad\nsub/../x.wav,sad\n", r"line 3: .*root/x\.wav is on line 2 already"),
        ("path,emotion\n~nosuchuser/a.wav,sad\n", r"list\.csv, line 2: ~nosuchuser/a\.wav: no such user"),
        ("path,emotion\n", r"no CSV clips under .*list\.csv"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(text, message, a_table):
    with pytest.raises(CorpusError, match=message) as caught:
        load_corpus("csv", a_table(text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_refused(a_table):
    table = a_table("")
    table.write_bytes(b"RIFF\xff\xfe\x00")
    with pytest.raises(CorpusError, match=r"cannot be read as CSV .*save it as CSV in UTF-8"):
        load_corpus("csv", table)


def test_a_folder_is_refused(make_files):
    with pytest.raises(CorpusError, match="is a folder; expected a CSV file with the columns path, emotion"):
        load_corpus("csv", make_files("x.wav"))


def test_paths_lead_upwards_in_one_spelling(a_table):
    table = a_table("path,emotion\nsub/../x.wav,sad\n")
    assert load_corpus("csv", table)["path"].tolist() == [str(table.parent / "x.wav")]


def test_a_link_to_a_listed_file_is_that_file(a_table):
    table = a_table("path,emotion\nx.wav,sad\nlink.wav,angry\n")
    (table.parent / "link.wav").symlink_to("x.wav")
    with pytest.raises(CorpusError, match=r"line 3: .*link\.wav is on line 2 already"):
        load_corpus("csv", table)


def test_a_link_keeps_its_own_name(a_table):
    table = a_table("path,emotion\nlink.wav,angry\n")
    (table.parent / "link.wav").symlink_to("x.wav")
    assert load_corpus("csv", table)["clip"].tolist() == ["link"]


def test_votes_may_be_spelled_as_emotions_may(a_table):
    table = a_table("path,emotion,votes\nx.wav,sad,joy=2 grumpy=1\n")
    assert load_corpus("csv", table, spellings={"grumpy": "angry"})["votes"].tolist() == ["happy=2 angry=1"]


@pytest.mark.parametrize("votes", ["sad=", "sad:3", "sad=3 angry", "sad=1 sadness=2", "weird=3", "3"])
def test_votes_that_cannot_be_read_are_refused_with_their_line(votes, a_table):
    with pytest.raises(CorpusError, match=r"line 2: (votes '.*' cannot be read|unknown emotion)"):
        load_corpus("csv", a_table(f"path,emotion,votes\nx.wav,sad,{votes}\n"))
