"""The command that tells the emotion in recordings."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from emospec.errors import ConfigError

if TYPE_CHECKING:
    from emospec.predict import Predictor
    from emospec.predict_output import Format


MAY_BE_HYPHEN = Parameter(allow_leading_hyphen=True)


def predict(
    *recordings: Annotated[str, MAY_BE_HYPHEN],
    bundle: Path | None = None,
    list: Annotated[Path | None, MAY_BE_HYPHEN] = None,  # noqa: A002
    format: Literal["text", "json", "jsonl", "csv", "srt"] | None = None,  # noqa: A002
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    resume: Annotated[bool, Parameter(negative="")] = False,
    timeline: bool | None = None,
    window: float = 3.0,
    hop: float = 1.0,
    channel: int | None = None,
    uncertain: float | None = None,
    pictures: Path | None = None,
    threads: int = 0,
    live: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Tell the emotion in recordings: one answer on a short one, a timeline of one longer than five seconds.

    Exit code 1 if some recordings could not be used, 2 if none could.

    Parameters
    ----------
    recordings
        Files of any common format, films too; folders; patterns such as 'talks/**/*.mp3'; - for standard input.
    bundle
        Folder of the model; the one that came with emospec unless given.
    list
        Text file that names further recordings, one a line; - for standard input.
    format
        text, json, jsonl (a line a recording), csv (a row an answer), srt (subtitles); by the suffix of --out, or text.
    out
        File for the answers, or folder for the subtitles of several recordings.
    resume
        Go on with --out: what it holds already is left out.
    timeline
        Windows and segments with times for every recording, or one answer for each.
    window
        Seconds that one answer of a timeline is on.
    hop
        Seconds from one window to the next.
    channel
        Counted from 1; the mean of all unless given.
    uncertain
        Call answers of less confidence uncertain; by the model's own threshold unless given.
    pictures
        Folder for a picture of each recording: its timeline, or the part of the sound that the answer rests on. None
        that exists is overwritten.
    threads
        That the model may use; 0 takes all cores.
    live
        Listen to the microphone until Ctrl-C, and show bars.
    """
    check_numbers(uncertain, threads)
    if live:
        listen_live(recordings, bundle, uncertain, threads, format)
        return
    with telling_how_to_go_on(out, format, resume=resume):
        from emospec.hearing import Manner
        from emospec.predict_files import answer_all, check_pictures, origin_of
        from emospec.predict_output import format_for, open_output
        from emospec.sources import listed_names, named_recordings
        from emospec.timeline import check_windows

        check_names(recordings)
        names = named_recordings(recordings, listed_names(list) if list else ())
        predictor = open_predictor(bundle, uncertain, threads)
        check_windows(window, hop, predictor.answerer.hears_seconds)  # before a file is begun
        check_pictures(pictures, names, resume=resume)
        manner = Manner(window, hop, channel, timeline)
        origin = origin_of(predictor, manner)
        with open_output(out, format_for(out, format), origin, names, resume=resume) as output:
            failures = answer_all(predictor, names, output, manner, pictures=pictures)
    sys.exit(told(failures, len(names)))


@contextmanager
def telling_how_to_go_on(out: Path | None, kind: "Format | None", *, resume: bool) -> Iterator[None]:
    """Let Ctrl-C end the program with one line that says what is kept, and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"emospec: interrupted; {_kept(out, kind, resume=resume)}", file=sys.stderr)
        sys.exit(130)


def _kept(out: Path | None, kind: "Format | None", *, resume: bool) -> str:
    from emospec.predict_output import format_for

    if out is None:
        return "no answers were kept but those printed (--out FILE keeps them)"
    if format_for(out, kind) == "text":
        so_far = f"{out} keeps the answers so far" if out.exists() else "there was no answer yet"
        return f"{so_far}; text cannot be gone on with, a .jsonl, .csv or .json can"
    return "the same command goes on where this one stopped" if resume else "add --resume to go on"


def open_predictor(bundle: Path | None, uncertain: float | None, threads: int) -> "Predictor":
    """Return the predictor that the options describe."""
    from emospec.predict import Predictor

    return Predictor(bundle, threads=threads or None, uncertain_below=uncertain)


def listen_live(
    recordings: Sequence[str], bundle: Path | None, uncertain: float | None, threads: int, kind: str | None
) -> None:
    """Listen to the microphone until Ctrl-C; show bars, or print JSON lines."""
    from emospec.live import Bars, as_json_line, listen, open_microphone

    if recordings or kind not in (None, "text", "jsonl"):
        raise ConfigError(
            "--live listens to the microphone and shows bars, or lines with --format jsonl; leave out the rest"
        )
    with open_microphone() as microphone:
        predictor = open_predictor(bundle, uncertain, threads)
        listen(predictor, microphone, as_json_line if kind == "jsonl" else Bars(predictor.bundle.classes.classes).show)


def check_names(recordings: Sequence[str]) -> None:
    """Raise for what was meant as an option."""
    unknown = next((each for each in recordings if each.startswith("-") and each != "-"), None)
    if unknown:
        raise ConfigError(f"unknown option {unknown}; for a file of that name, give ./{unknown}")


def check_numbers(uncertain: float | None, threads: int) -> None:
    """Raise for numbers that cannot be."""
    if uncertain is not None and not 0 <= uncertain <= 1:
        raise ConfigError(f"--uncertain {uncertain:g}: expected a probability, from 0 to 1")
    if threads < 0:
        raise ConfigError(f"--threads {threads}: expected 0 (all cores), 1 or more")


def told(failures: Sequence[str], n_recordings: int) -> int:
    """Print why recordings could not be used, a line each, and return the exit code."""
    from emospec.predict_formats import shown

    for failure in failures:
        print(f"emospec: {shown(failure)}", file=sys.stderr)
    if len(failures) > 1 or n_recordings > len(failures) > 0:
        print(f"emospec: {len(failures)} of {n_recordings} recordings could not be used", file=sys.stderr)
    return 0 if not failures else 2 if len(failures) == n_recordings else 1
