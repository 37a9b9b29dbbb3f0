import tracemalloc
from pathlib import Path

import pytest
import soundfile

from emospec.riff import promise_of
from predict_samples import voice, wav_header


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_whole_files_keep_their_promise(tmp_path: Path, suffix: str, subtype: str) -> None:
    soundfile.write(tmp_path / f"a.{suffix}", voice(), 16000, subtype=subtype)
    promise = promise_of(tmp_path / f"a.{suffix}")
    assert promise is not None
    assert not promise.is_broken


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_half_a_file_breaks_its_promise(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, voice(), 16000)
    path.write_bytes(path.read_bytes()[:16000])
    promise = promise_of(path)
    assert promise is not None
    assert promise.is_broken


def test_a_header_of_ten_gigabytes_is_read_from_its_long_size(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_header(10 * 2**30) + b"\0" * 100)
    assert promise_of(tmp_path / "a.wav") == (10 * 2**30, 100)


def test_a_header_of_long_sizes_that_claims_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RF64\xff\xff\xff\xffWAVEds64" + (2**28).to_bytes(4, "little"))
    with path.open("ab") as file:
        file.truncate(2**28)  # takes no room on the disk
    tracemalloc.start()
    promise_of(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("size", [16, 28, 40, 41])
def test_long_sizes_may_be_followed_by_a_table(tmp_path: Path, size: int) -> None:
    sizes = (0).to_bytes(8, "little") + (10**10).to_bytes(8, "little") + b"data" * 7
    chunk = b"ds64" + size.to_bytes(4, "little") + sizes[: size + size % 2]
    unknown = b"\xff\xff\xff\xff"
    (tmp_path / "a.wav").write_bytes(b"RF64" + unknown + b"WAVE" + chunk + b"data" + unknown + b"\0" * 100)
    assert promise_of(tmp_path / "a.wav") == (10**10, 100)


# FFmpeg, others, SoX, arecord
@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x00\xf0\xff\x7f", b"\x00\x00\x00\x80"])
def test_a_stream_promises_no_length(tmp_path: Path, length: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(wav_header(100)[:-4] + length + b"\0" * 100)
    assert promise_of(tmp_path / "a.wav") is None


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"fLaC" + b"\0" * 100, b"RIFF\0\0\0\0WAVEdata"])
def test_other_files_promise_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert promise_of(tmp_path / "a.wav") is None
