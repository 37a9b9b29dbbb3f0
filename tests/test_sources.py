import io
import sys
from pathlib import Path

import pytest

from emospec.errors import ConfigError
from emospec.sources import listed_names, named_recordings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.wav", "a.FLAC", "notes.txt", "in/c.m4a", "in/deep/d.webm", ".hidden/e.wav", ".f.wav", "[1].wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_stands_for_the_recordings_in_it_at_any_depth(folder: Path) -> None:
    assert named_recordings(["."]) == ["[1].wav", "a.FLAC", "b.wav", "in/c.m4a", "in/deep/d.webm"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["*.wav"], ["[1].wav", "b.wav"]),
        (["**/*.m4a"], ["in/c.m4a"]),
        (["[1].wav"], ["[1].wav"]),
        (["notes.txt"], ["notes.txt"]),
        (["b.wav", "*.wav", "b.wav"], ["b.wav", "[1].wav"]),
        (["-", "b.wav"], ["-", "b.wav"]),
        (["none.wav"], ["none.wav"]),
        (["https://a.org/b.wav?c=*"], ["https:/a.org/b.wav?c=*"]),
    ],
)
def test_names_stand_for_recordings(names: list[str], expected: list[str]) -> None:
    assert named_recordings(names) == expected


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("names", "said"),
    [([], "no recordings are named"), (["*.ogg"], r"no file matches \*\.ogg"), (["empty"], "folder empty holds no")],
)
def test_what_stands_for_nothing_is_refused(names: list[str], said: str) -> None:
    Path("empty").mkdir()
    with pytest.raises(ConfigError, match=said):
        named_recordings(names)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a.wav\nb c.wav\n\n", ["a.wav", "b c.wav"]),
        (b"\xef\xbb\xbfa.wav\r\nb.wav", ["a.wav", "b.wav"]),
        (b"a\nb.wav\0c.wav\0", ["a\nb.wav", "c.wav"]),
        (b"\xe9.wav\n", ["\udce9.wav"]),
        (b".\0./a\0b.wav\0", [".", "./a", "b.wav"]),
        ("a.wav\r\n".encode("utf-16") + "b.wav\r\n".encode("utf-16"), ["a.wav", "b.wav"]),
        ("/x/\u00fc.wav\r\n\u58f0.wav\r\n".encode("utf-16"), ["/x/\u00fc.wav", "\u58f0.wav"]),  # as PowerShell writes
        (b"\xfe\xff" + "a.wav\nb.wav".encode("utf-16-be"), ["a.wav", "b.wav"]),
        ("a.wav\nb.wav".encode("utf-32"), ["a.wav", "b.wav"]),
        ("a.wav\0b.wav\0".encode("utf-16"), ["a.wav", "b.wav"]),
    ],
)
def test_a_list_has_a_name_a_line_or_between_zeros(tmp_path: Path, content: bytes, expected: list[str]) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    assert listed_names(tmp_path / "list.txt") == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "/x/a.wav\r\n".encode("utf-16-le"),
            "neither UTF-8 nor UTF-16 with a byte order mark; expected a text file: save it",
        ),
        ("/x/a.wav".encode("utf-16-be"), "is neither UTF-8 nor UTF-16 with"),
        (("\u58f0" * 20 + ".wav\n").encode("utf-16-le"), "is neither UTF-8 nor UTF-16 with"),
        (("/" + "\u58f0" * 12).encode("utf-16-le"), "is neither UTF-8 nor UTF-16 with"),
        (("\u58f0" * 6 + "/\u58f0.wav").encode("utf-16-be"), "is neither UTF-8 nor UTF-16 with"),
        ("a.wav\n".encode("utf-16")[:-1], "begins as UTF-16 and goes on otherwise; save it as UTF-8"),
    ],
)
def test_a_list_whose_encoding_is_not_certain_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        listed_names(tmp_path / "list.txt")


def test_a_list_comes_from_standard_input_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.wav\nb.wav\n")))
    assert listed_names(Path("-")) == ["a.wav", "b.wav"]


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        listed_names(tmp_path / "none.txt")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["b[1].wav", "[1].wav", "*.wav", "~none.wav"])
def test_names_of_a_list_are_no_patterns(name: str) -> None:
    if name.startswith("~"):
        Path(name).touch()
    assert named_recordings(["b.wav"], [name]) == ["b.wav", name]


@pytest.mark.usefixtures("folder")
def test_a_missing_file_with_brackets_in_its_name_does_not_stop_the_others() -> None:
    assert named_recordings(["none[1].wav", "b.wav"]) == ["none[1].wav", "b.wav"]
    assert named_recordings(["[ab].wav"]) == ["b.wav"]
