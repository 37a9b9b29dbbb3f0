import csv
import json
import os
from pathlib import Path

import pytest

from emospec.errors import ConfigError, EmospecError
from emospec.hearing import Heard
from emospec.predict_formats import Origin
from emospec.predict_output import SUBTITLES, Format, files_for, format_for, journal_of, open_output
from emospec.predictions import Prediction, Segment, Timeline

ORIGIN = Origin("made@1234", ("angry", "sad"), "--window 3 --hop 1")
OTHER = ORIGIN._replace(settings="--window 2 --hop 1 --channel 1")
SCORES = {"angry": 0.25, "sad": 0.75}
APPENDED: list[Format] = ["jsonl", "csv", "json"]


def heard(name: str, n_segments: int = 0) -> Heard:
    if not n_segments:
        return Heard(name, 1.0, Prediction("sad", SCORES, False, 1.0))
    segments = [Segment(float(n), n + 1.0, "sad", 0.75, False, SCORES) for n in range(n_segments)]
    return Heard(name, float(n_segments), timeline=Timeline(float(n_segments), (), tuple(segments)))


def write(
    out: Path, kind: Format, *names: str, resume: bool = False, n_segments: int = 0, origin: Origin = ORIGIN
) -> list[str]:
    """Write answers, and return the names that were not there."""
    missing = []
    with open_output(out, kind, origin, names, resume=resume) as output:
        for name in names:
            if not output.has(name):
                missing.append(name)
                output.write(heard(name, n_segments))
    return missing


def paths_in(out: Path) -> list[str]:
    text = out.read_text(encoding="utf-8")
    if out.suffix == ".csv":
        return [row["path"] for row in csv.DictReader(text.splitlines(keepends=True))]
    if out.suffix == ".json":
        return [record["path"] for record in json.loads(text)["recordings"]]
    return [json.loads(line)["path"] for line in text.splitlines()]


@pytest.mark.parametrize("kind", APPENDED)
def test_what_is_there_is_not_asked_for_again(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    assert write(out, kind, "x", "é\n,.wav") == ["x", "é\n,.wav"]
    assert write(out, kind, "x", "é\n,.wav", "z", resume=True) == ["z"]
    assert paths_in(out) == ["x", "é\n,.wav", "z"]


@pytest.mark.parametrize("kind", [*APPENDED, "text", "srt"])
def test_a_file_that_exists_is_left_alone(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    out.write_text("mine")
    with pytest.raises(ConfigError, match="exists already; add --resume"):
        write(out, kind, "x")
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("jsonl", "my notes, a line without an end"),
        ("jsonl", '{"a": 1}'),
        ("jsonl", '{"path": "x.wav", "label": "sad"}'),
        ("jsonl", '{"path": "x.wav", "model": "other@99", "settings": "'),
        ("jsonl", '{"path": "'),
        ("jsonl", "{"),
        ("jsonl", " "),
        ("jsonl", "first line\nsecond"),
        ("json", '{"recordings": []}'),
        ("json", '{"recordings": [], "model": "made@1234", "classes": ["angry", "sad"], "notes": "mine"}'),
        ("json", "[]"),
        ("json", "[" * 200_000),
        ("jsonl", "[" * 200_000),
        ("jsonl", "[" * 200_000 + "\n"),
        ("csv", "path,start,end"),
        ("csv", "my notes"),
        ("csv", "x" * 200_000),
    ],
)
def test_a_file_of_somebody_else_is_not_gone_on_with(tmp_path: Path, kind: Format, content: str) -> None:
    out = tmp_path / f"a.{kind}"
    out.write_text(content)
    with pytest.raises(ConfigError, match=r"was not written by `emospec predict` in this format; name another file"):
        write(out, kind, "x", resume=True)
    assert out.read_text() == content
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("kind", APPENDED)
def test_a_file_that_may_not_be_read_and_written_is_told_in_a_line(
    tmp_path: Path, kind: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x")
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != out and may(path, mode))  # root may do anything
    with pytest.raises(ConfigError, match="cannot be gone on with, since you may not read and write it"):
        write(out, kind, "y", resume=True)


@pytest.mark.parametrize("n_answers", [0, 2])
@pytest.mark.parametrize("note", ["checked by hand", "checked by hand\n", "x,y", '"note"\n', '{"note": "mine"'])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_note_at_the_end_of_the_answers_is_not_removed(
    tmp_path: Path, kind: Format, note: str, n_answers: int
) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x", "y")
    lines = out.read_text().splitlines(keepends=True)
    before = "".join(lines[: n_answers + (kind == "csv")]) + note
    out.write_text(before)
    with pytest.raises(ConfigError, match="was not written by"):
        write(out, kind, "x", "y", "z", resume=True)
    assert out.read_text() == before


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_note_behind_a_whole_answer_is_not_removed(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x", "y")
    before = out.read_text()[:-1] + " checked by hand"
    out.write_text(before)
    with pytest.raises(ConfigError, match="was not written by"):
        write(out, kind, "x", "y", resume=True)
    assert out.read_text() == before


def test_a_document_of_another_model_is_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"model": "other@99", "classes": ["angry", "sad"], "recordings": []}')
    with pytest.raises(ConfigError, match="holds answers of the model other@99"):
        write(tmp_path / "a.json", "json", "x", resume=True)


def test_the_list_of_subtitles_of_a_model_of_any_name_is_gone_on_with(tmp_path: Path) -> None:
    origin = ORIGIN._replace(model="modèle@1234")
    write(tmp_path, "srt", "x", "y", origin=origin)
    listed = (tmp_path / SUBTITLES).read_bytes()
    (tmp_path / SUBTITLES).write_bytes(listed[:-4])  # cut short
    assert write(tmp_path, "srt", "x", "y", "z", resume=True, origin=origin) == ["z"]


@pytest.mark.parametrize("name", ["x.wav", 'a "quoted" \\ name.wav', "é.wav"])
def test_each_cut_of_the_second_answer_is_gone_on_with(tmp_path: Path, name: str) -> None:
    out = tmp_path / "a.jsonl"
    write(out, "jsonl", "first", name)
    content = out.read_bytes()
    for end in range(content.index(b"\n") + 1, len(content)):
        out.write_bytes(content[:end])
        is_whole = end == len(content) - 1  # but for the end of its line
        assert write(out, "jsonl", "first", name, resume=True) == ([] if is_whole else [name])
        assert out.read_bytes() == content


@pytest.mark.parametrize("name", ["x.wav", 'a "quoted", name.wav', "é.wav", "two\nlines.wav"])
@pytest.mark.parametrize("n_segments", [0, 3])
def test_each_cut_of_the_second_recording_in_a_table_is_gone_on_with(
    tmp_path: Path, name: str, n_segments: int
) -> None:
    out = tmp_path / "a.csv"
    write(out, "csv", "first")
    begins = len(out.read_bytes())
    write(out, "csv", name, resume=True, n_segments=n_segments)
    content = out.read_bytes()
    ends_of_rows = {begins + at for at, byte in enumerate(content[begins:], 1) if byte == ord("\n")}
    for end in sorted(set(range(begins + 1, len(content))) - ends_of_rows):
        out.write_bytes(content[:end])
        missing = write(out, "csv", "first", name, resume=True, n_segments=n_segments)
        if content[begins:end] in (b'"', b"\xc3"):  # it can't be told whose path that begins
            assert missing == ["first", name]
        else:
            assert missing == [name], content[:end]
            assert out.read_bytes() == content


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_whole_answer_without_the_end_of_its_line_stays(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x", "y")
    out.write_bytes(out.read_bytes()[:-1])
    assert write(out, kind, "z", resume=True) == ["z"]
    assert paths_in(out) == ["x", "y", "z"]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_whole_answer_stays_where_the_next_one_was_cut_short(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x", "y", n_segments=2)
    whole = out.read_bytes()
    write(out, kind, "z", resume=True, n_segments=2)
    out.write_bytes(out.read_bytes()[: len(whole) + 30])
    assert write(out, kind, "z", resume=True, n_segments=2) == ["z"]
    assert out.read_bytes().startswith(whole)


def test_a_first_answer_that_was_cut_short_is_given_again(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    write(out, "jsonl", "x")
    out.write_bytes(out.read_bytes()[:-20])
    assert write(out, "jsonl", "x", resume=True) == ["x"]
    assert paths_in(out) == ["x"]


def test_a_header_without_the_end_of_its_line_gets_it(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "csv", "x")
    header = (tmp_path / "a.csv").read_text().splitlines()[0]
    (tmp_path / "b.csv").write_text(header)
    assert write(tmp_path / "b.csv", "csv", "x", resume=True) == ["x"]
    assert (tmp_path / "b.csv").read_text() == (tmp_path / "a.csv").read_text()


@pytest.mark.parametrize("kind", APPENDED)
def test_an_interruption_loses_no_answer(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    with pytest.raises(KeyboardInterrupt), open_output(out, kind, ORIGIN, ["x", "y"], resume=False) as output:  # noqa: PT012
        output.write(heard("x"))
        raise KeyboardInterrupt
    assert write(out, kind, "x", "y", resume=True) == ["y"]
    assert paths_in(out) == ["x", "y"]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_an_answer_is_in_the_file_at_once(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    with open_output(out, kind, ORIGIN, ["x"], resume=False) as output:
        output.write(heard("x"))
        assert paths_in(out) == ["x"]


@pytest.mark.parametrize("cut", [2, 5, 40])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_an_answer_that_was_cut_short_is_given_again(tmp_path: Path, kind: Format, cut: int) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x", "y", n_segments=3)
    out.write_bytes(out.read_bytes()[:-cut])
    assert write(out, kind, "x", "y", resume=True, n_segments=3) == ["y"]
    assert paths_in(out) == (["x", "y"] if kind == "jsonl" else ["x"] * 3 + ["y"] * 3)


@pytest.mark.parametrize("kind", APPENDED)
def test_answers_of_another_model_are_not_gone_on_with(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x")
    out.write_text(out.read_text().replace("made@1234", "other@99"))
    with pytest.raises(ConfigError, match="answers of the model other@99, not of made@1234"):
        write(out, kind, "y", resume=True)


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_answers_of_another_model_are_told_also_where_the_last_was_cut_short(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x", "y", origin=ORIGIN._replace(model="other@99"))
    out.write_bytes(out.read_bytes()[:-5])
    with pytest.raises(ConfigError, match="answers of the model other@99, not of made@1234"):
        write(out, kind, "y", resume=True)


@pytest.mark.parametrize("kind", [*APPENDED, "srt"])
def test_answers_under_other_settings_are_not_mixed(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / ("folder" if kind == "srt" else f"a.{kind}")
    write(out, kind, "x", "y")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    said = f"made with {ORIGIN.settings}, not with {OTHER.settings}; go on with the former, or name another"
    with pytest.raises(ConfigError, match=said):
        write(out, kind, "x", "z", resume=True, origin=OTHER)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    assert write(out, kind, "x", "z", resume=True) == ["z"]


def test_an_unfinished_document_is_held_to_its_settings(tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    with pytest.raises(KeyboardInterrupt), open_output(out, "json", ORIGIN, ["x", "y"], resume=False) as output:  # noqa: PT012
        output.write(heard("x"))
        raise KeyboardInterrupt
    with pytest.raises(ConfigError, match="made with --window 3 --hop 1, not with --window 2"):
        write(out, "json", "x", "y", resume=True, origin=OTHER)


FIRST = {  # as the first version wrote them, which didn't state the settings
    "csv": "path,start,end,emotion,confidence,uncertain,angry,sad,model\nx,0.0,1.0,sad,0.7,false,0.3,0.7,made@1234\n",
    "jsonl": '{"path": "x", "model": "made@1234", "emotion": "sad"}\n',
    "json": '{"model": "made@1234", "classes": [], "recordings": [\n  {"path": "x", "model": "made@1234"}\n]}\n',
}


@pytest.mark.parametrize("kind", APPENDED)
def test_files_of_the_first_version_are_gone_on_with(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    out.write_text(FIRST[kind])
    assert write(out, kind, "x", "y", resume=True) == ["y"]
    assert paths_in(out) == ["x", "y"]
    with pytest.raises(ConfigError, match="made with --window 3 --hop 1, not with --window 2"):
        write(out, kind, "z", resume=True, origin=OTHER)


def test_a_table_of_the_first_version_gets_the_column_of_the_settings(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    out.write_text(FIRST["csv"] + "y,0.0,1.0,sad,0.7,false,0.3,0.7,made@1234\n" + "y,1.0,2.0,sa")  # cut short
    assert write(out, "csv", "x", "y", resume=True) == ["y"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(row["path"], row["model"], row["settings"]) for row in rows] == [
        ("x", "made@1234", ""), ("y", "made@1234", "--window 3 --hop 1"),
    ]  # fmt: skip


def test_subtitles_that_say_nothing_of_their_settings_are_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "x.srt").write_text("")
    assert write(tmp_path, "srt", "x", "y", resume=True) == ["y"]
    with (tmp_path / SUBTITLES).open("a") as file:
        file.write('{"path": "z.srt", "mod')  # cut short
    assert write(tmp_path, "srt", "x", "y", "z", resume=True) == ["z"]


def test_other_recordings_in_a_folder_of_subtitles_may_have_other_settings(tmp_path: Path) -> None:
    write(tmp_path, "srt", "x", "y")
    assert write(tmp_path, "srt", "z", "a", origin=OTHER) == ["z", "a"]
    assert write(tmp_path, "srt", "x", "y", "b", resume=True) == ["b"]


def test_subtitles_of_another_model_are_not_gone_on_with(tmp_path: Path) -> None:
    write(tmp_path, "srt", "x", "y")
    with pytest.raises(ConfigError, match=r"x\.srt holds answers of the model made@1234, not of other@99"):
        write(tmp_path, "srt", "x", "y", resume=True, origin=ORIGIN._replace(model="other@99"))


@pytest.mark.parametrize("kind", APPENDED)
@pytest.mark.parametrize("content", ["a,b\n1,2\n", "[1, 2]\n", "{}\n", "nonsense\n"])
def test_other_files_are_not_gone_on_with(tmp_path: Path, kind: Format, content: str) -> None:
    out = tmp_path / f"a.{kind}"
    out.write_text(content)
    with pytest.raises(EmospecError, match=r"was not written by|cannot be read as JSON"):
        write(out, kind, "x", resume=True)
    assert out.read_text() == content


def test_a_document_appears_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    with open_output(out, "json", ORIGIN, ["x"], resume=False) as output:
        output.write(heard("x"))
        assert not out.exists()
    document = json.loads(out.read_text())
    assert (document["model"], document["classes"]) == ("made@1234", ["angry", "sad"])
    assert not journal_of(out).exists()


def test_a_document_that_was_begun_is_told(tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    with pytest.raises(KeyboardInterrupt), open_output(out, "json", ORIGIN, ["x", "y"], resume=False) as output:  # noqa: PT012
        output.write(heard("x"))
        raise KeyboardInterrupt
    with pytest.raises(
        ConfigError, match=r"a\.json was begun before and is unfinished \(.*\.a\.json\.unfinished\); add --resume"
    ):
        write(out, "json", "x")


@pytest.mark.parametrize("kind", ["text", "json", "jsonl", "csv", "srt"])
def test_without_a_file_answers_are_printed(capsys: pytest.CaptureFixture[str], kind: Format) -> None:
    with open_output(None, kind, ORIGIN, ["x.wav"], resume=False) as output:
        output.write(heard("x.wav"))
    printed = capsys.readouterr().out
    assert ("sad (75 %)" if kind == "srt" else "x.wav") in printed
    if kind == "json":
        assert json.loads(printed)["recordings"][0]["emotion"] == "sad"


def test_subtitles_of_several_recordings_are_several_files(tmp_path: Path) -> None:
    out = tmp_path / "subtitles"
    assert write(out, "srt", "a/x.wav", "b/x.mp3") == ["a/x.wav", "b/x.mp3"]
    assert sorted(path.name for path in out.iterdir()) == [SUBTITLES, "x-2.srt", "x.srt"]
    (out / "x.srt").unlink()
    assert write(out, "srt", "a/x.wav", "b/x.mp3", resume=True) == ["a/x.wav"]


def test_subtitles_of_several_recordings_are_not_printed() -> None:
    with pytest.raises(ConfigError, match="name a folder for them with --out"):
        open_output(None, "srt", ORIGIN, ["x", "y"], resume=False)


@pytest.mark.parametrize(("out", "kind"), [(None, "csv"), (Path("a.txt"), "text")])
def test_only_what_can_be_read_back_can_be_gone_on_with(out: Path | None, kind: Format) -> None:
    with pytest.raises(ConfigError, match="--resume needs --out"):
        open_output(out, kind, ORIGIN, ["x"], resume=True)


def test_a_folder_is_no_file_for_answers(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        open_output(tmp_path, "csv", ORIGIN, ["x"], resume=True)


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a\nb", "..", "x" * 400, "con:|?*.wav", "\udce9"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (path,) = files_for([name], tmp_path, ".png").values()
    assert path.resolve().parent == tmp_path.resolve()
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("out", "named", "expected"),
    [
        ("a.csv", None, "csv"),
        ("a.JSONL", None, "jsonl"),
        ("a.csv", "json", "json"),
        ("a.log", None, "text"),
        (None, None, "text"),
    ],
)
def test_the_suffix_names_the_format_unless_it_is_named(out: str | None, named: Format | None, expected: str) -> None:
    assert format_for(Path(out) if out else None, named) == expected


@pytest.mark.parametrize("kind", APPENDED)
@pytest.mark.parametrize("name", ["caf\udce9.wav", "a\u2028b.wav", "a\x85b.wav", "a\rb.wav"])
def test_names_of_all_kinds_are_gone_on_with(tmp_path: Path, kind: Format, name: str) -> None:
    out = tmp_path / f"a.{kind}"
    assert write(out, kind, name) == [name]
    assert write(out, kind, name, "z", resume=True) == ["z"]
    assert write(out, kind, name, "z", resume=True) == []


def test_a_printed_document_holds_names_of_all_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    with open_output(None, "json", ORIGIN, ["a\u2028b.wav"], resume=False) as output:
        output.write(heard("a\u2028b.wav"))
    assert [each["path"] for each in json.loads(capsys.readouterr().out)["recordings"]] == ["a\u2028b.wav"]


def test_a_table_with_an_empty_row_is_not_gone_on_with(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "csv", "x")
    with (tmp_path / "a.csv").open("a") as file:
        file.write("\n" + "x,0,1\n" + "x,0.0,1.0,sad,0.75,false,0.25,0.75,made@1234\n")
    with pytest.raises(ConfigError, match="was not written by"):
        write(tmp_path / "a.csv", "csv", "x", resume=True)


@pytest.mark.parametrize("resume", [False, True])
def test_subtitles_of_one_recording_go_into_a_folder_that_exists(tmp_path: Path, resume: bool) -> None:
    assert write(tmp_path, "srt", "x.wav", resume=resume) == ["x.wav"]
    assert (tmp_path / "x.srt").exists()


@pytest.mark.parametrize("kind", APPENDED)
def test_standard_input_is_new_each_time(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "-", "x", n_segments=2)
    assert write(out, kind, "-", "x", resume=True, n_segments=2) == ["-"]
    n_rows = 2 if kind == "csv" else 1
    assert paths_in(out) == ["-"] * n_rows + ["x"] * n_rows + ["-"] * n_rows


def test_rows_that_were_cut_short_cost_no_earlier_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    write(out, "csv", "-", n_segments=2)
    write(out, "csv", "-", resume=True, n_segments=3)
    out.write_bytes(out.read_bytes()[:-5])
    write(out, "csv", "-", resume=True, n_segments=4)
    assert len(paths_in(out)) == 2 + 4


def test_subtitles_of_standard_input_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("mine")
    with pytest.raises(ConfigError, match=r"a\.srt exists already, and standard input is new each time"):
        write(tmp_path / "a.srt", "srt", "-", resume=True)
    assert (tmp_path / "a.srt").read_text() == "mine"


@pytest.mark.parametrize("kind", [*APPENDED, "text"])
def test_without_an_answer_no_file_is_left(tmp_path: Path, kind: Format) -> None:
    with open_output(tmp_path / f"a.{kind}", kind, ORIGIN, ["x"], resume=False):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", APPENDED)
def test_without_a_further_answer_the_earlier_ones_stay(tmp_path: Path, kind: Format) -> None:
    out = tmp_path / f"a.{kind}"
    write(out, kind, "x")
    with open_output(out, kind, ORIGIN, ["y"], resume=True):
        pass
    assert paths_in(out) == ["x"]


def test_each_recording_has_a_file_of_its_own(tmp_path: Path) -> None:
    names = ["a/x.wav", "b/X.wav", "x-2.wav", "c/x.wav", f"{'y' * 200}1.wav", f"{'y' * 200}2.wav"]
    files = [path.name.lower() for path in files_for(names, tmp_path, ".srt").values()]
    assert files[:4] == ["x.srt", "x-2.srt", "x-2-2.srt", "x-3.srt"]
    assert len(set(files)) == len(names)


def test_long_names_in_any_script_can_be_written(tmp_path: Path) -> None:
    assert write(tmp_path, "srt", "\u58f0" * 83 + ".wav") == ["\u58f0" * 83 + ".wav"]
