"""Many recordings, one after the other: what cannot be used is told at the end, and stops nothing."""

import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emospec.errors import AudioError
from emospec.files import make_folder, whole_file
from emospec.hearing import USUAL, Heard, Manner, hear
from emospec.predict import Predictor
from emospec.predict_formats import Origin
from emospec.predict_output import Output, check_not_there, files_for
from emospec.sounds import Source
from emospec.sources import STANDARD_INPUT
from emospec.timeline import check_windows
from emospec.waiting import Progress

if TYPE_CHECKING:
    from PIL import Image


def answer_all(
    predictor: Predictor,
    names: Sequence[str],
    output: Output,
    manner: Manner = USUAL,
    *,
    pictures: Path | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Hear recordings and write what is heard, but for those that the output has already.

    Parameters
    ----------
    names : sequence of str
        As `named_recordings` gives them.
    pictures : Path, optional
        Folder for a picture of each: the timeline of a long recording, what the answer rests on in a short one.
    progress : Progress, optional

    Returns
    -------
    list of str
        Why recordings could not be used, each with its name.
    """
    check_windows(manner.window, manner.hop, predictor.answerer.hears_seconds)
    paths = files_for(names, pictures, ".png") if pictures else {}
    if pictures:
        make_folder(pictures)
    failures = []
    watch = progress or Progress(len(names))
    try:
        for name in (each for each in names if not output.has(each)):
            watch.begin(name)
            try:
                heard = _heard(predictor, name, manner, watch, paths.get(name))
            except AudioError as error:
                failures.append(str(error))
            else:
                watch.clear()
                output.write(heard)
            watch.done()
    finally:
        watch.clear()  # what is told of an interruption begins a line of its own
    return failures


def check_pictures(folder: Path | None, names: Sequence[str], *, resume: bool) -> None:
    """Raise if the picture of a recording exists already; one that is drawn anew in going on may be replaced.

    Raises
    ------
    ConfigError
        With what to do.
    """
    if folder:
        what_to_do = "name another folder for the pictures, or go on with --out FILE --resume"
        check_not_there(files_for(names, folder, ".png"), what_to_do, resume=resume)


def _heard(predictor: Predictor, name: str, manner: Manner, watch: Progress, picture: Path | None) -> Heard:
    with file_of(name) as path:
        source = Source(path, channel=manner.channel)
        try:
            heard = hear(predictor, source, manner, name=name, progress=watch.heard)
        except AudioError as error:
            raise AudioError(str(error).replace(str(path), called(name))) from None
        if picture and (image := drawn(predictor, heard, source)):
            save_picture(image, picture)
    return heard


def origin_of(predictor: Predictor, manner: Manner = USUAL) -> Origin:
    """Return what answers state of the model that gave them, and of how recordings were heard."""
    bundle, settings = predictor.bundle, settings_of(manner, predictor.answerer.uncertain_below)
    return Origin(f"{bundle.name}@{bundle.fingerprint[:12]}", bundle.classes.classes, settings)


def settings_of(manner: Manner, uncertain_below: float | None = None) -> str:
    """Return the settings that decide on answers as options of `emospec predict`.

    >>> settings_of(Manner(window=2.0, channel=1), 0.1)
    '--window 2 --hop 1 --channel 1 --uncertain 0.1'
    >>> settings_of(Manner(timeline=False))
    '--no-timeline'
    """
    mode = {None: [], True: ["--timeline"], False: ["--no-timeline"]}[manner.timeline]
    spans = {} if manner.timeline is False else {"window": manner.window, "hop": manner.hop}
    numbers = spans | {"channel": manner.channel, "uncertain": uncertain_below}
    return " ".join([*mode, *(f"--{name} {value:.15g}" for name, value in numbers.items() if value is not None)])


def called(name: str) -> str:
    """Return what errors call a recording."""
    return "standard input" if name == STANDARD_INPUT else name


@contextmanager
def file_of(name: str) -> Iterator[Path]:
    """Yield the file of a recording; standard input is copied to a temporary one, in which decoders can go back."""
    if name != STANDARD_INPUT:
        yield Path(name)
        return
    with leaving_in_order(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield path


@contextmanager
def leaving_in_order() -> Iterator[None]:
    """Let a program that is told to end (SIGTERM) leave its blocks, so that they remove what is temporary."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def drawn(predictor: Predictor, heard: Heard, source: Source) -> "Image.Image | None":
    """Return the picture of a timeline or of what one answer rests on; None of silence."""
    if heard.timeline:
        from emospec.plots_timeline import draw_timeline

        return draw_timeline(heard.timeline, heard.name)
    if heard.prediction is None:
        return None
    from emospec.plots_heat import draw_explanation

    return draw_explanation(predictor.explain(source.sound, channel=source.channel), heard.name)


def save_picture(picture: "Image.Image", path: Path) -> None:
    """Write a PNG whole or not at all."""
    with whole_file(path) as temporary:
        picture.save(temporary, "PNG")
