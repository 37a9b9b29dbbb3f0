"""The clips that a model got most wrong, to be seen and heard inside a report."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image

from emospec.audio import read_audio
from emospec.errors import AudioError
from emospec.markup import Html, data_uri, element, join
from emospec.report_parts import percent

SAMPLE_RATE = 16000
SECONDS = 6.0


@dataclass(frozen=True)
class Mistake:
    """One clip of the test part that the model named wrongly.

    Parameters
    ----------
    clip
        Its name.
    path
        The recording, if there is one: it is embedded so that it can be heard.
    image
        uint8, shape (height, width), (height, width, 1) or (height, width, 3): what the network saw.
    truth, prediction
        Names of classes.
    scores
        Probability of each class, by name.
    speaker, text
        Who says what, if known.
    """

    clip: str
    path: str | None
    image: NDArray[np.uint8] = field(repr=False)
    truth: str
    prediction: str
    scores: dict[str, float]
    speaker: str | None = None
    text: str | None = None


def mistake_cards(mistakes: Sequence[Mistake]) -> Html:
    """Return a card a mistake, in the order given."""
    return element("ol", *(element("li", _card(mistake), class_="card") for mistake in mistakes), class_="mistakes")


def _card(mistake: Mistake) -> Html:
    title = join(element("b", mistake.truth), " taken for ", element("b", mistake.prediction))
    seen = data_uri(image_to_png(mistake.image), "image/png")
    picture = element("img", src=seen, alt=f"Spectrogram of {mistake.clip}", class_="pixels")
    known = (("Speaker", mistake.speaker), ("Text", mistake.text))
    facts = [join(element("dt", name), element("dd", value)) for name, value in known if value is not None]
    return join(
        picture,
        element("h3", title),
        element("p", mistake.clip, class_="clip"),
        _scores(mistake),
        element("dl", *facts) if facts else None,
        _sound(mistake),
    )


def _scores(mistake: Mistake) -> Html:
    roles = {mistake.truth: "truth", mistake.prediction: "answer"}
    lines = []
    for name, score in mistake.scores.items():
        role = roles.get(name)
        label = join(name, element("small", f" {role}") if role else None)
        bar = element("i", class_="bar", style=f"--width:{100 * score:.1f}%", aria_hidden="true")
        lines.append(element("li", element("span", label), bar, element("span", percent(score, digits=0)), class_=role))
    return element("ul", *lines, class_="scores", aria_label="Scores of the model")


def _sound(mistake: Mistake) -> Html | None:
    if mistake.path is None:
        return None
    try:
        content = clip_to_mp3(Path(mistake.path))
    except AudioError as error:
        return element("p", f"Without its sound: {error}", class_="note")
    source = data_uri(content, "audio/mpeg")
    return element("audio", controls=True, preload="metadata", src=source, aria_label=f"Listen to {mistake.clip}")


def clip_to_mp3(path: Path) -> bytes:
    """Return the first six seconds of a recording as a small MP3 (mono, 16 kHz).

    Raises
    ------
    AudioError
        If the recording is gone or cannot be read.
    """
    waveform = read_audio(path, SAMPLE_RATE)[: int(SECONDS * SAMPLE_RATE)]
    with io.BytesIO() as buffer:
        soundfile.write(buffer, waveform, SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III")
        return buffer.getvalue()


def image_to_png(image: NDArray[np.uint8]) -> bytes:
    """Return an image as the bytes of a PNG."""
    with io.BytesIO() as buffer:
        Image.fromarray(image.squeeze()).save(buffer, format="PNG", optimize=True)
        return buffer.getvalue()
