import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from emospec.errors import EmospecError
from emospec.files import read_json, sha256_of, whole_file, whole_folder, write_json, write_text


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
