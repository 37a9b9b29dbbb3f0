"""The studio at a real server, in a real browser."""

from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile

from browsing import Visitor, chromium, conversation, syllables, write_hearing_bundle, write_sound
from emospec import cli_studio
from emospec.bundle import load_bundle
from emospec.emotions import CLASS_SETS
from emospec.predict import Predictor
from owners_servers import Server
from serving import running_server


@pytest.fixture(scope="module")
def hearing(tmp_path_factory) -> Path:
    return write_hearing_bundle(tmp_path_factory.mktemp("bundles") / "made")


@pytest.fixture(scope="module")
def server(hearing, tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server"), "--bundle", hearing, "--workers", 1) as server:
        yield server


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    sound = np.concatenate([np.zeros(4800), syllables(6, 48000)])
    with chromium(write_sound(tmp_path_factory.mktemp("sounds") / "microphone.wav", sound, 48000)) as browser:
        yield browser


@pytest.fixture
def visitor(browser, server):
    visitor = Visitor(browser, server.url)
    yield visitor
    assert visitor.errors == []
    assert {urlsplit(each).netloc for each in visitor.requests if not each.startswith("blob:")} == {
        urlsplit(server.url).netloc
    }
    visitor.context.close()


@pytest.mark.slow
def test_a_recording_moves_the_bars_and_its_numbers_are_those_of_the_bundle(visitor, hearing):
    visitor.record(3)
    heard = visitor.sees_numbers()
    visitor.stop()

    sound, rate = soundfile.read(BytesIO(visitor.save("the recording")), dtype="float32")
    numbers = visitor.numbers()
    expected = load_bundle(hearing).score([sound], rate)[0]
    assert heard
    assert [numbers["scores"][name] for name in CLASS_SETS["four"]] == pytest.approx(expected, abs=1e-3)
    assert set(numbers["timings"]) == {"decode_ms", "predict_ms"}
    print(visitor.page.locator(".take-away .note").inner_text())


@pytest.mark.slow
def test_a_long_recording_gets_the_timeline_of_the_command_line(visitor, hearing, tmp_path):
    visitor.choose(path := write_sound(tmp_path / "long.wav", conversation(), 16000))

    found, expected = visitor.numbers(), Predictor(hearing).timeline(path).to_dict()
    assert [each["emotion"] for each in found["segments"]] == [each["emotion"] for each in expected["segments"]]
    assert visitor.page.locator(".ribbon button").count() == sum(
        each["emotion"] is not None for each in found["segments"]
    )


@pytest.mark.slow
def test_the_server_tells_what_it_listened_to(visitor, tmp_path):
    visitor.choose(write_sound(tmp_path / "sound.wav", syllables(2, 16000), 16000))
    visitor.page.get_by_role("button", name="Why").click()

    visitor.page.locator(".legend .for").wait_for(timeout=60_000)


@pytest.mark.slow
def test_a_file_that_only_the_server_can_read_is_answered_all_the_same(visitor, tmp_path):
    sound = syllables(2, 16000)
    visitor.choose(write_sound(tmp_path / "sound.aiff", sound, 16000))

    visitor.page.get_by_text("the server has heard it").wait_for()
    assert visitor.headline() in {*CLASS_SETS["four"], "uncertain"}


@pytest.mark.slow
def test_what_the_server_refuses_is_told_in_its_words(visitor, tmp_path):
    (tmp_path / "zip.wav").write_bytes(b"PK\3\4" + bytes(range(256)) * 40)
    visitor.page.locator("input[type=file]").set_input_files(tmp_path / "zip.wav")

    visitor.page.get_by_role("alert").get_by_text("cannot be read").wait_for()


@pytest.mark.slow
def test_a_server_with_a_key_asks_for_it(browser, locked_server, key):
    visitor = Visitor(browser, locked_server.url, key=key)
    visitor.record(1.5)
    heard = visitor.sees_numbers()
    visitor.stop()

    assert heard


@pytest.mark.slow
def test_a_server_that_is_gone_is_told(browser, hearing, tmp_path):
    with running_server(tmp_path / "server", "--bundle", hearing, "--workers", 1) as server:
        visitor = Visitor(browser, server.url)
    sound = write_sound(tmp_path / "sound.wav", syllables(2, 16000), 16000)
    visitor.page.locator("input[type=file]").set_input_files(sound)

    visitor.page.get_by_role("alert").get_by_text("The server does not answer").wait_for()


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The addresses that a browser was sent to."""
    addresses: list[str] = []
    monkeypatch.setattr(cli_studio.webbrowser, "open", addresses.append)
    monkeypatch.setattr(cli_studio, "PATIENCE", 0.3)
    return addresses


def test_the_browser_is_opened_when_the_server_is_up(opened):
    server = Server()
    server.files["/healthz"] = b"{}"

    cli_studio.open_when_up(f"{server.url}/")

    server.close()
    assert opened == [f"{server.url}/"]


def test_no_browser_is_opened_when_no_server_comes_up(opened):
    cli_studio.open_when_up("http://127.0.0.1:9/")

    assert opened == []
