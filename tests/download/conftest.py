from dataclasses import replace

import pytest

from emospec.corpora import CORPORA
from emospec.download import transfer
from owners_servers import CLIPS, DEMOGRAPHICS, EMO_DB, GITHUB, GITLAB, INDEX, Server, emo_db_files, pointer, zipped


@pytest.fixture
def server(monkeypatch):
    """The servers of the three owners, with a CREMA-D of six clips."""
    monkeypatch.setattr(transfer, "PAUSE", 0.01)
    monkeypatch.setitem(CORPORA, "crema-d", replace(CORPORA["crema-d"], n_clips=6))
    server = Server()
    index = {f"CREMA-D-master/{name}": pointer(content) for name, content in CLIPS.items()}
    index |= {"CREMA-D-master/VideoDemographics.csv": DEMOGRAPHICS, "CREMA-D-master/AudioMP3/a.mp3": pointer(b"mp3")}
    server.files = {INDEX: zipped(index), EMO_DB: zipped(emo_db_files())}
    server.files |= {base + name: content for base in (GITHUB, GITLAB) for name, content in CLIPS.items()}
    yield server
    server.close()
