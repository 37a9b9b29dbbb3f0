"""A small HTTP server that stands in for the servers of the corpora's owners."""

import hashlib
import io
import re
import threading
import time
import zipfile
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from emospec.corpora.emo_db import EMOTION_CODES, SENTENCES, SPEAKERS
from emospec.download import get_corpus

CLIPS = {f"AudioWAV/{name}.wav": f"RIFF {name} ".encode() * 3000 for name in (
    "1001_DFA_ANG_XX", "1001_DFA_SAD_XX", "1002_DFA_ANG_XX", "1002_DFA_SAD_XX", "1003_DFA_ANG_XX", "1003_DFA_SAD_XX",
)}  # fmt: skip
DEMOGRAPHICS = b'"ActorID","Age","Sex"\n1001,51,"Male"\n1002,21,"Female"\n1003,21,"Female"\n'
INDEX = "/CheyneyComputerScience/CREMA-D/archive/refs/heads/master.zip"
GITHUB = "/media/CheyneyComputerScience/CREMA-D/master/"
GITLAB = "/cs-cooper-lab/crema-d-mirror/-/raw/main/"
EMO_DB = "/download/download.zip"
RAVDESS = "/records/1188976/files/Audio_Speech_Actors_01-24.zip"


class Server:
    """A small HTTP server that counts requests and breaks connections when it is told to."""

    def __init__(self):
        self.files = {}
        self.requests = Counter()
        self.ranges = {}  # the last Range asked of each path
        self.breaks = Counter()  # how many more times a path ends in the middle
        self.status = {}
        self.takes_ranges = True
        self.pause = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(server):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                server.answer(self)

        return Handler

    def answer(self, request):
        path, asked = request.path, request.headers.get("Range")
        self.requests[path] += 1
        self.ranges[path] = asked
        status = self.status.get(path, 404 if path not in self.files else 200)
        if status != 200:
            request.send_response(status)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        time.sleep(self.pause)
        content = self.files[path]
        begin = begin_of(asked) if asked and self.takes_ranges else 0
        if begin >= len(content):
            request.send_error(416)
            return
        request.send_response(206 if begin else 200)
        if begin:
            request.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - begin))
        request.end_headers()
        if self.breaks[path] > 0:
            self.breaks[path] -= 1
            request.wfile.write(content[begin : begin + (len(content) - begin) // 2])
            request.close_connection = True
        else:
            request.wfile.write(content[begin:])

    @property
    def n_clips_asked(self):
        return sum(count for path, count in self.requests.items() if path.endswith(".wav"))


def pointer(content):
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n".encode()


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def emo_db_files():
    names = [s + t + e + "a" for s in SPEAKERS for t in SENTENCES for e in EMOTION_CODES][:535]
    return {f"wav/{name}.wav": f"RIFF{name}".encode() * 50 for name in names} | {"erkennung.txt": b"listeners"}


def get(server, name, out, *, progress=False, notify=lambda _: None):
    return get_corpus(name, out, base_url=server.url, progress=progress, notify=notify)


def begin_of(asked_range):
    return int(re.fullmatch(r"bytes=(\d+)-", asked_range)[1])


def assert_complete(out):
    assert {f"AudioWAV/{path.name}": path.read_bytes() for path in (out / "AudioWAV").iterdir()} == CLIPS
    assert sorted(path.name for path in out.iterdir()) == ["AudioWAV", "VideoDemographics.csv", "crema-d.sha256"]
