"""Long recordings in the studio: pieces as wide as they are long, all within reach, and times that can be read."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browsing import HEARS, SURE, chromium, served, write_sound
from emospec.emotions import CLASS_SETS
from emospec.web.static_export import PAGE

pytestmark = pytest.mark.slow

CLASSES = CLASS_SETS["four"]
FACTS = {"name": "made", "sha256": "0" * 64, "classes": CLASSES, "mel": HEARS.to_dict(), "calibration": SURE}
MODEL = FACTS | {"sample_rate": 16000, "card": "# Made", "facts": FACTS}
LENGTHS = {204: 540, 1364: 3600}  # seconds of recordings with so many pieces of speech
LATER = """
    const [ask, now] = [window.fetch, performance.now.bind(performance)];
    window.late = 0;
    performance.now = () => now() + window.late;
    window.fetch = (...request) => {
        if (String(request[0]).includes("timeline")) window.late += MS;
        return ask(...request);
    };
    HTMLMediaElement.prototype.play = async () => {};
"""


def timeline_of(n_pieces: int) -> dict[str, Any]:
    """Pieces of speech with silence after half of them, of lengths drawn by chance."""
    rng, seconds = np.random.default_rng(3), LENGTHS[n_pieces]
    lengths = rng.uniform(0.5, 2, (n_pieces, 2))
    lengths[:, 1] *= (rng.random(n_pieces) < 0.5) & (np.arange(n_pieces) < n_pieces - 1)  # it ends with speech
    ends = (lengths.cumsum() * seconds / lengths.sum()).round(3)
    segments = []
    for n, (start, end) in enumerate(zip([0.0, *ends], ends, strict=False)):
        if end > start:
            segments.append(segment(start, end, CLASSES[n // 2 % 4] if n % 2 == 0 else None, uncertain=n % 3 == 0))
    return {"seconds": seconds, "windows": segments, "segments": segments}


def segment(start: float, end: float, emotion: str | None, *, uncertain: bool) -> dict[str, Any]:
    scores = {name: 0.7 if name == emotion else 0.1 for name in CLASSES}
    answer = {"confidence": 0.7, "scores": scores, "uncertain": uncertain} if emotion else {}
    return {"start": float(start), "end": float(end), "emotion": emotion} | answer


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def studio() -> Iterator[str]:
    with served(PAGE) as url:
        yield url


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder, rate = tmp_path_factory.mktemp("sounds"), 3000
    return {
        n: write_sound(folder / f"{n}.wav", np.zeros(seconds * rate), rate, subtype="PCM_U8")
        for n, seconds in LENGTHS.items()
    }


@pytest.fixture
def heard(browser: Any, studio: str, sounds: dict[int, Path]) -> Iterator[Callable[..., Any]]:
    """Let a page hear a recording of so many pieces; the server's answers are made up, and nothing sounds."""
    pages = []

    def hear(n_pieces: int, width: int = 1280, waited: int = 0) -> Any:
        pages.append(page := browser.new_page(viewport={"width": width, "height": 900}))
        page.add_init_script(LATER.replace("MS", str(waited)))
        page.route("**/v1/model", lambda route: route.fulfill(json=MODEL))
        page.route("**/v1/timeline*", lambda route: route.fulfill(body=json.dumps(timeline_of(n_pieces))))
        page.goto(studio)
        page.locator('.record[aria-disabled="false"]').wait_for(timeout=60_000)
        page.locator("input[type=file]").set_input_files(sounds[n_pieces])
        page.locator(".take-away .note", has_text="answered").wait_for(timeout=60_000)
        return page

    yield hear
    for page in pages:
        page.close()


def boxes(page: Any) -> tuple[np.ndarray, np.ndarray]:
    """Left and right edges of the pieces, and of the ribbon, in pixels."""
    edges = "all => all.map(each => each.getBoundingClientRect()).map(({ left, right }) => [left, right])"
    return tuple(np.array(page.locator(what).evaluate_all(edges)) for what in (".ribbon button", ".ribbon ol"))


def spoken(n_pieces: int) -> list[dict[str, Any]]:
    return [each for each in timeline_of(n_pieces)["segments"] if each["emotion"]]


def tap(page: Any, second: float, seconds: float) -> tuple[float, float]:
    """Click on the ribbon's pixel nearest to a time; return the time of that pixel, and that from which it plays."""
    page.locator(".ribbon ol").scroll_into_view_if_needed()
    box = page.locator(".ribbon ol").bounding_box()
    x = round(box["x"] + second / seconds * box["width"])
    page.mouse.click(x, box["y"] + box["height"] / 2)
    return (x - box["x"]) / box["width"] * seconds, position(page)


def position(page: Any) -> float:
    return float(page.get_by_role("slider").get_attribute("aria-valuenow"))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("n_pieces", LENGTHS)
def test_pieces_are_as_wide_as_they_are_long(heard: Callable[..., Any], n_pieces: int, width: int):
    pieces, ((left, right),) = boxes(heard(n_pieces, width))
    times = np.array([(each["start"], each["end"]) for each in spoken(n_pieces)]) / LENGTHS[n_pieces]
    expected = left + times * (right - left)
    assert len(pieces) == n_pieces
    assert pieces == pytest.approx(expected, abs=0.5)
    assert (pieces[1:, 0] - pieces[:-1, 1]).min() > -0.5
    assert pieces[-1, 1] <= right + 0.02  # a browser's unit of length


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("n_pieces", LENGTHS)
def test_a_click_plays_what_is_below_it_however_narrow(heard: Callable[..., Any], n_pieces: int, width: int):
    page, seconds = heard(n_pieces, width), LENGTHS[n_pieces]
    for share in (0.004, 0.2, 0.33, 0.47, 0.62, 0.81, 0.996):
        time, plays_from = tap(page, share * seconds, seconds)
        below = next(each for each in timeline_of(n_pieces)["segments"] if each["end"] > time)
        assert plays_from == pytest.approx(below["start"] if below["emotion"] else time, abs=0.02)
        if below["emotion"]:
            assert page.evaluate("Number(document.activeElement.value)") == below["start"]


def test_a_file_that_the_browser_cannot_play_is_told_of(heard: Callable[..., Any]):
    page, errors = heard(204), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    refusing = "new DOMException('no decoder', 'NotSupportedError')"
    page.evaluate(f"() => {{ HTMLMediaElement.prototype.play = async () => {{ throw {refusing}; }}; }}")
    tap(page, 100, LENGTHS[204])
    page.locator(".problem", has_text="This browser can't play that file").wait_for(timeout=10_000)
    assert not errors


def test_every_piece_of_an_hour_can_be_played_by_keyboard(heard: Callable[..., Any]):
    page, pieces = heard(1364, 390), spoken(1364)
    page.locator('.ribbon button[tabindex="0"]').focus()
    for key, piece in (("ArrowRight", pieces[1]), ("End", pieces[-1]), ("ArrowLeft", pieces[-2]), ("Home", pieces[0])):
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        assert position(page) == pytest.approx(piece["start"], abs=0.01)


@pytest.mark.parametrize(
    ("n_pieces", "waited", "note", "below"),
    [
        (204, 0, r"204.wav, 9:00 min; answered in [\d.]+ m?s", "of the 5:52 min in which somebody speaks"),
        (204, 84_428, r"204.wav, 9:00 min; answered in 1:\d\d min", "of the 5:52 min in which somebody speaks"),
        (1364, 12_600, r"1364.wav, 1:00:00 h; answered in [1-5]\d s", "of the 40:11 min in which somebody speaks"),
    ],
)
def test_long_times_are_told_as_a_clock_tells_them(
    heard: Callable[..., Any], n_pieces: int, waited: int, note: str, below: str
):
    page = heard(n_pieces, waited=waited)
    assert re.fullmatch(note, page.locator(".take-away .note").inner_text())
    assert below in page.locator(".below").inner_text()
    last = page.locator(".ribbon button").last
    assert last.get_attribute("aria-label").split(": ")[0].endswith(" to 9:00" if n_pieces == 204 else " to 1:00:00")
