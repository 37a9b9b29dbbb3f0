"""Uploads that are no recordings, or not as they claim to be: each is refused in one line, and the server lives on."""

import io
import json
import socket
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from predict_samples import write_by_ffmpeg
from serving import RATE, RunningServer, encoded, voice

SOUND = encoded(voice())
HOURS_48 = 48 * 3600 * 8000  # samples


def zip_file() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("speech.wav", SOUND)
    return memory.getvalue()


def crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top = 0, 1 << (bits - 1)
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1) ^ polynomial if value & top else value << 1
        value &= (1 << bits) - 1
    return value


def silent_flac(n_samples: int, stated: int) -> bytes:
    """Silence at 8 kHz in FLAC, 14 bytes for eight seconds; RFC 9639 says how."""
    per_frame = 65_535
    info = struct.pack(">HH", per_frame, per_frame) + bytes(6)
    info += ((8000 << 44) | (15 << 36) | stated).to_bytes(8, "big") + bytes(16)  # rate, one channel of 16 bits, length
    parts = [b"fLaC\x80" + len(info).to_bytes(3, "big") + info]
    for number in range(n_samples // per_frame):
        head = b"\xff\xf8\x74\x08" + chr(number).encode("utf-8", "surrogatepass") + struct.pack(">H", per_frame - 1)
        frame = head + bytes([crc(head, 8, 0x07)]) + bytes(3)  # one subframe: constant 0
        parts.append(frame + crc(frame, 16, 0x8005).to_bytes(2, "big"))
    return b"".join(parts)


def with_length(sound: bytes, n_bytes: int) -> bytes:
    """A WAV file whose header promises another length."""
    return (
        sound[:4]
        + struct.pack("<I", min(n_bytes + 36, 2**32 - 2))
        + sound[8:40]
        + struct.pack("<I", n_bytes)
        + sound[44:]
    )


def rf64(n_bytes: int) -> bytes:
    """A header of 10 GB and the sound of two seconds."""
    sizes = b"ds64" + struct.pack("<IQQQI", 28, n_bytes + 72, n_bytes, n_bytes // 2, 0)
    return b"RF64\xff\xff\xff\xffWAVE" + sizes + SOUND[12:36] + b"data\xff\xff\xff\xff" + SOUND[44:]


def float_wav(value: float) -> bytes:
    sound = voice()
    sound[1000] = value
    return encoded(sound, subtype="FLOAT")


def by_ffmpeg(kind: str, codec: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_by_ffmpeg(Path(folder) / f"speech.{kind}", codec, voice(2, 48_000)).read_bytes()


HOSTILE = {
    "zero-length": b"",
    "one byte": b"R",
    "random bytes": np.random.default_rng(0).bytes(100_000),
    "text": b"this is no sound\n" * 100,
    "a zip named .wav": zip_file(),
    "a header alone": SOUND[:44],
    "half a header": SOUND[:20],
    "truncated": SOUND[: len(SOUND) // 2],
    "truncated flac": encoded(voice(), kind="FLAC")[:9000],
    "a header of 4 GB": with_length(SOUND, 2**32 - 100),
    "a header of 10 GB": rf64(10 * 2**30),
    "NaN samples": float_wav(float("nan")),
    "infinite samples": float_wav(float("inf")),
    "an unknown codec": SOUND[:20] + struct.pack("<H", 0x1234) + SOUND[22:],
    "an unknown codec in a film": by_ffmpeg("mkv", "aac").replace(b"A_AAC", b"A_XYZ"),
    "samples out of scale": float_wav(30_000.0),
    "no samples": encoded(np.zeros(0, np.float32)),
    "one sample": encoded(voice()[:1]),
    "48 hours of silence": silent_flac(HOURS_48, HOURS_48),
    "48 hours that state no length": silent_flac(HOURS_48, 0),
    "a playlist of local files": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
    "a list of local files": b"ffconcat version 1.0\nfile /etc/hostname\n",
    "a Git-LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
}


@pytest.mark.parametrize("what", ["predict", "timeline"])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_recording_is_refused_in_one_line(server: RunningServer, name: str, what: str):
    refused = server.post(what, HOSTILE[name])
    problem = refused.json()
    assert refused.status_code == 422, problem
    assert refused.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    assert "\n" not in problem["detail"]
    assert not any(path in refused.text for path in ("/proc", "/tmp", "fd/", ".py"))
    assert server.left_behind() == []


def test_silence_has_no_answer_but_a_timeline(server: RunningServer):
    silence = encoded(np.zeros(RATE, np.float32))
    assert "silent" in server.post("predict", silence).json()["detail"]
    (segment,) = server.post("timeline", silence).json()["segments"]
    assert (segment["start"], segment["end"], segment["emotion"]) == (0.0, 1.0, None)


def test_the_server_lives_on_with_the_same_workers(server: RunningServer):
    before = server.workers
    for sound in HOSTILE.values():
        server.post("predict", sound)
    assert server.post("predict", SOUND).status_code == 200
    assert server.workers == before


STRANGE = {
    "192 kHz": encoded(voice(1, 192_000), 192_000),
    "32 channels": encoded(np.repeat(voice(1)[:, np.newaxis], 32, axis=1)),
    "a wrong extension": encoded(voice(1), kind="FLAC"),
    "1 kHz": encoded(voice(1, 1000), 1000),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_only_strange_is_answered(server: RunningServer, name: str):
    answer = server.post("predict", STRANGE[name])
    assert answer.status_code == 200, answer.text
    assert answer.json()["seconds"] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\nb.wav", "a\r\nX-Header: 1.wav", "\x00.wav", "C:\\x.wav", "a" * 3000, '"', ""]
)
def test_the_name_of_a_file_does_not_matter(server: RunningServer, name: str):
    answer = server.post("predict", SOUND, name=name)
    assert answer.status_code in (200, 400), answer.text
    assert server.left_behind() == []
    assert not any("passwd" in line for line in server.log)


def form(*parts: bytes, boundary: bytes = b"b", end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + end


PART = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
FORMS = {
    "no file": form(b'Content-Disposition: form-data; name="other"\r\n\r\nx'),
    "two files": form(PART + SOUND, PART + SOUND),
    "cut short": form(PART + SOUND, end=b""),
    "empty": b"",
    "no form": b"hello",
    "no header": form(SOUND),
    "an endless header": form(b"X: " + b"a" * 100_000 + b"\r\n\r\nx"),
    "an endless name of a header": form(b"x" * 100_000 + b": 1\r\n\r\nx"),
    "another boundary": form(PART + SOUND, boundary=b"other"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_none_is_refused(server: RunningServer, name: str):
    kind = "multipart/form-data; boundary=b"
    refused = httpx.post(f"{server.url}v1/predict", content=FORMS[name], headers={"content-type": kind})
    assert refused.status_code == refused.json()["status"] == 400
    assert server.left_behind() == []


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/json", "application/x-www-form-urlencoded", "image/png", "ä"]
)
def test_a_body_of_another_type_is_refused(server: RunningServer, kind: str | None):
    headers = {} if kind is None else {"content-type": kind.encode()}
    assert httpx.post(f"{server.url}v1/predict", content=SOUND, headers=headers).status_code == 415


def test_a_form_without_a_boundary_is_refused(server: RunningServer):
    refused = httpx.post(f"{server.url}v1/predict", content=SOUND, headers={"content-type": "multipart/form-data"})
    assert refused.status_code == 400


def test_a_packed_body_is_refused(server: RunningServer):
    headers = {"content-type": "audio/wav", "content-encoding": "gzip"}
    assert httpx.post(f"{server.url}v1/predict", content=SOUND, headers=headers).status_code == 415


def test_a_body_over_the_limit_is_refused_though_it_comes_whole(server: RunningServer):
    refused = server.post("predict", bytes(5 * 2**20))
    assert refused.status_code == 413
    assert "4 MiB" in refused.json()["detail"]
    assert server.left_behind() == []


def test_a_body_of_unknown_length_is_cut_at_the_limit(server: RunningServer):
    def pieces() -> Iterator[bytes]:
        for _ in range(5 * 16):
            yield bytes(2**16)

    refused = httpx.post(f"{server.url}v1/predict", content=pieces(), headers={"content-type": "audio/wav"}, timeout=60)
    assert refused.status_code == 413


def talk(server: RunningServer, request: bytes) -> bytes:
    """What comes back from a request that no library would send."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as line:
        line.sendall(request)
        line.settimeout(20)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
            if b"}" in answer or b"Invalid" in answer:
                break
        return answer


@pytest.mark.parametrize("length", [b"10737418240", b"99999999999999999999999"])
def test_ten_gigabytes_are_refused_before_they_are_sent(server: RunningServer, length: bytes):
    request = (
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\nContent-Length: "
        + length
        + b"\r\n\r\n"
    )
    assert talk(server, request).splitlines()[0].split()[1] in (b"413", b"400")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET /v1/model HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET /v1/model HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(server: RunningServer, request_: bytes):
    try:
        answer = talk(server, request_ + b"\r\n\r\n")
    except ConnectionError:  # hung up before all was sent
        answer = b" 4"
    assert b" 4" in answer.splitlines()[0]
    assert server.get("healthz").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "docs/../../../etc/passwd", "assets/..%2f..%2fetc/passwd", "%00"],
)
def test_no_address_leads_out_of_the_page(server: RunningServer, path: str):
    answer = talk(server, b"GET /" + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b" 404 " in answer.splitlines()[0] or b" 400 " in answer.splitlines()[0]
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["type"].startswith("/docs#")
