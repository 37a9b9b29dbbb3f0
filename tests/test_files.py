import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from emospec.errors import EmospecError
from emospec.files import (
    check_new_folder,
    expand_home,
    read_json,
    sha256_of,
    whole_file,
    whole_folder,
    write_json,
    write_text,
)


def fail_after(
    writing: AbstractContextManager[Path], step: Callable[[Path], object], error: type[BaseException]
) -> None:
    with writing as temporary:
        step(temporary)
        raise error


def test_a_file_whose_writing_fails_keeps_its_old_content_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text("old", path)
    with pytest.raises(RuntimeError):
        fail_after(whole_file(path), lambda temporary: temporary.write_text("half"), RuntimeError)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_whose_filling_is_interrupted_does_not_appear(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fail_after(whole_folder(tmp_path / "out"), lambda folder: (folder / "one").touch(), KeyboardInterrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(EmospecError, match="not empty"), whole_folder(tmp_path):
        pass
    assert (tmp_path / "kept").read_text() == "mine"


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json({"value": float("nan")}, tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize("content", [None, "{"])
def test_a_missing_or_broken_json_is_one_clear_line(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "a.json").write_text(content)
    with pytest.raises(EmospecError, match=r"a\.json"):
        read_json(tmp_path / "a.json")


def test_the_hash_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder beside the file `file`."""
    (tmp_path / "here").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", r"^\. is the folder that you are in; name a new folder"),
        ("none/..", r"^none/\.\. is the folder that you are in; name a new folder"),
        ("../file", r"file is a file; name a new folder"),
        ("../file/x", r"^\.\./file/x cannot be written, since .*file is a file; name another place"),
        ("../file/x/y", r"since .*file is a file"),
        ("..", r"^\.\. exists already and is not empty"),
    ],
)
def test_a_folder_that_cannot_be_new_is_one_clear_line_and_nothing_is_made(
    in_a_folder: Path, name: str, message: str
) -> None:
    for check in (check_new_folder, lambda path: whole_folder(path).__enter__()):
        with pytest.raises(EmospecError, match=message):
            check(Path(name))
    assert list(in_a_folder.iterdir()) == []
    assert sorted(path.name for path in in_a_folder.parent.iterdir()) == ["file", "here"]


def test_a_folder_where_a_disk_is_mounted_cannot_take_the_name_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path)
    with pytest.raises(EmospecError, match="is where a disk is mounted; name a new folder inside it"):
        check_new_folder(tmp_path)


def test_a_parent_that_may_not_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(EmospecError, match=rf"new cannot be written, since you may not write to {tmp_path};"):
        check_new_folder(tmp_path / "new")


def test_a_folder_that_cannot_be_listed_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(EmospecError, match=r"cannot be written \(Permission denied\)"):
        check_new_folder(tmp_path)


def test_a_link_to_an_empty_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to("disk")
    with whole_folder(tmp_path / "out") as folder:
        (folder / "one").touch()
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "disk" / "one").exists()


def test_a_name_that_the_disk_does_not_take_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(EmospecError, match=r"xx cannot be written \("), whole_folder(tmp_path / ("x" * 300)):
        pass


@pytest.mark.parametrize(("name", "reason"), [("file/x.txt", ", since .*file is a file"), ("folder", r" \(")])
def test_a_file_that_cannot_be_written_is_one_clear_line(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(EmospecError, match=f"cannot be written{reason}"):
        write_text("text", tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_the_home_of_nobody_is_one_clear_line() -> None:
    assert expand_home("~") == Path.home()
    with pytest.raises(EmospecError, match=r"~nosuchuser/a: no such user; .* give its whole path"):
        expand_home("~nosuchuser/a")
