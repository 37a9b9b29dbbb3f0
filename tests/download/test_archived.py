import hashlib

import pytest

from emospec.corpora import load_corpus
from emospec.download import get_corpus, transfer
from emospec.errors import CorpusError, EmospecError
from owners_servers import EMO_DB, RAVDESS, begin_of, emo_db_files, get, zipped


def test_an_archive_comes_out_as_a_corpus_that_loads(server, tmp_path):
    clips = load_corpus("emo-db", get(server, "emo-db", tmp_path / "e"))

    assert len(clips) == 535
    assert (tmp_path / "e" / "erkennung.txt").read_bytes() == b"listeners"


def test_the_checksum_of_the_archive_stands_beside_the_clips_and_the_archive_is_gone(server, tmp_path):
    get(server, "emo-db", tmp_path / "e")

    digest = hashlib.sha256(server.files[EMO_DB]).hexdigest()
    assert (tmp_path / "e" / "source.sha256").read_text().startswith(digest)
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


def test_an_archive_that_is_there_is_not_fetched_again(server, tmp_path):
    get(server, "emo-db", tmp_path / "e")
    get(server, "emo-db", tmp_path / "e")

    assert server.requests == {EMO_DB: 1}


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    server.breaks[EMO_DB] = 1

    get(server, "emo-db", tmp_path / "e")

    middle = len(server.files[EMO_DB]) // 2
    assert middle - transfer.PIECE < begin_of(server.ranges[EMO_DB]) <= middle
    assert len(load_corpus("emo-db", tmp_path / "e")) == 535


def test_a_later_call_goes_on_where_the_first_one_stopped(server, tmp_path):
    whole = server.files[EMO_DB]
    server.breaks[EMO_DB] = transfer.ATTEMPTS
    with pytest.raises(CorpusError, match="connection failed"):
        get(server, "emo-db", tmp_path / "e")
    assert not (tmp_path / "e").exists()
    there = len((tmp_path / ".e-download.part").read_bytes())

    get(server, "emo-db", tmp_path / "e")

    assert len(whole) / 2 < there < len(whole)
    assert begin_of(server.ranges[EMO_DB]) == there
    assert len(load_corpus("emo-db", tmp_path / "e")) == 535


def test_a_server_that_cannot_go_on_begins_anew(server, tmp_path):
    server.takes_ranges = False
    server.breaks[EMO_DB] = 2

    get(server, "emo-db", tmp_path / "e")

    assert len(load_corpus("emo-db", tmp_path / "e")) == 535


def test_a_part_of_another_file_is_thrown_away(server, tmp_path):
    """The file on the server has changed since; its checksums show it."""
    (tmp_path / ".e-download.part").write_bytes(b"other" * 2000)

    with pytest.raises(CorpusError, match="is of no use"):
        get(server, "emo-db", tmp_path / "e")
    assert list(tmp_path.iterdir()) == []
    get(server, "emo-db", tmp_path / "e")

    assert len(load_corpus("emo-db", tmp_path / "e")) == 535


def test_a_part_that_was_whole_already_begins_anew(server, tmp_path):
    (tmp_path / ".e-download.part").write_bytes(server.files[EMO_DB])

    get(server, "emo-db", tmp_path / "e")

    assert len(load_corpus("emo-db", tmp_path / "e")) == 535


def test_a_damaged_archive_is_refused_and_removed(server, tmp_path):
    data = bytearray(server.files[EMO_DB])
    data[data.index(b"RIFF") + 5] ^= 0xFF
    server.files[EMO_DB] = bytes(data)

    with pytest.raises(CorpusError, match="is of no use") as one:
        get(server, "emo-db", tmp_path / "e")

    assert "\n" not in str(one.value)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_lacks_clips_is_refused(server, tmp_path):
    server.files[EMO_DB] = zipped(dict(list(emo_db_files().items())[:500]))

    with pytest.raises(CorpusError, match=r"500 clips of EmoDB; expected 535"):
        get(server, "emo-db", tmp_path / "e")

    assert list(tmp_path.iterdir()) == []


def test_an_archive_with_a_wrong_checksum_is_refused_and_removed(server, tmp_path):
    server.files[RAVDESS] = zipped({"Actor_01/03-01-05-01-02-01-01.wav": b"RIFF"})

    with pytest.raises(CorpusError, match=r"wrong checksum \(expected md5:bc696df6"):
        get(server, "ravdess", tmp_path / "r")

    assert list(tmp_path.iterdir()) == []


def test_a_server_without_the_file_is_one_line(server, tmp_path):
    del server.files[EMO_DB]

    with pytest.raises(CorpusError, match=r"download\.zip answers 404 Not Found$"):
        get(server, "emo-db", tmp_path / "e")

    assert server.requests == {EMO_DB: 1}


def test_a_folder_that_holds_something_is_refused_before_anything_is_fetched(server, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(EmospecError, match="not empty"):
        get(server, "emo-db", tmp_path)

    assert server.requests == {}


def test_no_server_at_all_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "PAUSE", 0.0)

    with pytest.raises(CorpusError, match="connection failed") as one:
        get_corpus("emo-db", tmp_path / "e", base_url="http://127.0.0.1:9", progress=False)

    assert "\n" not in str(one.value)


def test_the_bar_shows_the_size_of_the_archive(server, tmp_path, capsys):
    get(server, "emo-db", tmp_path / "e", progress=True)

    assert "EmoDB: 100%" in capsys.readouterr().err
