"""Rules of the corpus doctor on recordings: can they be read, are they whole, and is one like the other."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emospec.audio import MIN_PEAK, MIN_SECONDS
from emospec.doctor_clips import MAX_SECONDS, Problem
from emospec.doctor_findings import Evidence, Finding, Rule, about, count_of, with_values

FAINT_DB = -60.0  # dB of full scale; speech recorded with care stays well above
MUCH_CLIPPED = 1e-3  # share of samples
MUCH_DC = 0.01  # of full scale
FENCES = 3.0  # interquartile ranges beyond the quartiles
MIN_SPREAD = 0.2  # least interquartile range of log seconds: clips of one length are not odd to each other
ENOUGH = 20  # clips, to tell what is usual
TELLTALE = 20.0  # % more of a class than of the others

ADVICE_ON_CLIPPING = "loud emotions clip first: distortion can stand for a class; get a softer transfer if there is one"

SUFFIXES = {
    ".wav": ("WAV",), ".flac": ("FLAC",), ".aiff": ("AIFF",), ".aif": ("AIFF",), ".opus": ("OGG",), ".ogg": ("OGG",),
    ".oga": ("OGG",), ".m4a": ("MP4",), ".aac": ("AAC", "MP4"), ".webm": ("WEBM",), ".mp3": ("MP3",),
}  # fmt: skip


def pointers(evidence: Evidence) -> Finding | None:
    """Find Git-LFS pointers in place of audio."""
    files = evidence.wanted[evidence.wanted["problem"] == "pointer"]
    get = f", or run `emospec corpora get {evidence.corpus.name}`" if evidence.corpus.downloadable else ""
    return about(
        files["file"],
        "lfs-pointers",
        "must mend",
        f"{count_of(len(files), 'Git-LFS pointer')} in place of audio",
        f"run `git lfs pull` in the clone{get}; the zip that GitHub makes of a repository holds pointers only",
    )


def unreadable(evidence: Evidence) -> Finding | None:
    """Find files without usable sound."""
    advice = "copy or download them again; remove what stays unusable"
    return _with_problem(evidence, "unreadable", "without usable sound", advice)


def truncated(evidence: Evidence) -> Finding | None:
    """Find files that end before their header says so."""
    advice = "copy or download them again; compare their sizes with the source"
    return _with_problem(evidence, "truncated", "cut short: emospec would read what is left of them", advice)


def _with_problem(evidence: Evidence, problem: Problem, what: str, advice: str) -> Finding | None:
    files = evidence.wanted[evidence.wanted["problem"] == problem]
    says = f"{count_of(len(files), 'file')} {what}"
    return about(with_values(files, files["reason"], " "), problem, "must mend", says, advice)


def silent(evidence: Evidence) -> Finding | None:
    """Find clips without any sound."""
    clips = evidence.sound[evidence.sound["peak"] < MIN_PEAK]
    return about(
        clips["file"],
        "silent",
        "look at",
        f"{count_of(len(clips), 'silent clip')}",
        "`emospec images` leaves them out; remove them if other programs read this corpus",
    )


def faint(evidence: Evidence) -> Finding | None:
    """Find clips in which next to nothing can be heard."""
    sound = evidence.sound[evidence.sound["peak"] >= MIN_PEAK]
    clips = sound[~(sound["rms_db"] >= FAINT_DB)]
    return about(
        with_values(clips, ("nothing but an offset" if pd.isna(db) else f"{db:.0f} dB" for db in clips["rms_db"])),
        "faint",
        "look at",
        f"{count_of(len(clips), 'clip')} below {FAINT_DB:g} dB: hardly any speech in there",
        "listen; they would be trained on, so remove those in which nobody speaks",
    )


def clipped(evidence: Evidence) -> Finding | None:
    """Find clips that were recorded too loud."""
    clips = evidence.sound[evidence.sound["clipped"] > 0].sort_values("clipped", ascending=False)
    if clips.empty:
        return None
    many = int((clips["clipped"] >= MUCH_CLIPPED).sum())
    return Finding(
        "clipped",
        "look at" if many else "for your information",
        f"{count_of(len(clips), 'clip')} with samples cut off at full scale "
        f"({100 * MUCH_CLIPPED:g} % of the samples or more: {many or 'none'})",
        ADVICE_ON_CLIPPING if many else "",
        tuple(with_values(clips, (f"{100 * share:.2g} %" for share in clips["clipped"]))),
    )


def offset(evidence: Evidence) -> Finding | None:
    """Find clips whose mean is far from zero."""
    clips = evidence.sound[evidence.sound["dc_offset"].abs() > MUCH_DC]
    return about(
        with_values(clips, (f"{100 * value:+.1f} %" for value in clips["dc_offset"])),
        "dc-offset",
        "look at",
        f"{count_of(len(clips), 'clip')} with a DC offset above {100 * MUCH_DC:g} % of full scale",
        "subtract the mean of each clip, or set `--fmin 50` when you make images: an offset brightens the lowest bands",
    )


def odd_lengths(evidence: Evidence) -> Finding | None:
    """Find clips that are far shorter or longer than the rest, or than can be used at all."""
    clips = evidence.clips[evidence.clips["seconds"].notna() & (evidence.clips["problem"] == "")]
    low, high = usual_seconds(clips["seconds"].to_numpy(dtype=float))
    odd = clips[~clips["seconds"].between(low, high)].sort_values("seconds")
    return about(
        with_values(odd, (f"{seconds:.3g} s" for seconds in odd["seconds"])),
        "odd-lengths",
        "look at",
        f"{count_of(len(odd), 'clip')} of odd length (usual here: {low:.3g} to {high:.3g} s)",
        f"listen: a slip of the cutter, or two clips in one? `emospec images` leaves out what is shorter than "
        f"{1000 * MIN_SECONDS:g} ms or longer than {MAX_SECONDS:g} s",
    )


def usual_seconds(seconds: NDArray[np.float64]) -> tuple[float, float]:
    """Return the lengths between which clips are not odd: quartiles and their distance, on a logarithmic scale."""
    if len(seconds) < ENOUGH:
        return MIN_SECONDS, MAX_SECONDS
    first, third = np.percentile(np.log(np.maximum(seconds, 1e-6)), [25, 75])
    reach = FENCES * max(third - first, MIN_SPREAD)
    return max(MIN_SECONDS, float(np.exp(first - reach))), min(MAX_SECONDS, float(np.exp(third + reach)))


def misnamed(evidence: Evidence) -> Finding | None:
    """Find files whose name says another format than they have, such as AIFF named .wav."""
    clips = evidence.sound[_is_misnamed(evidence.sound)]
    return about(
        with_values(clips, clips["container"]),
        "misnamed-format",
        "look at",
        f"{count_of(len(clips), 'file')} of another format than the name says",
        "emospec goes by the content; rename them, since other programs go by the name",
    )


def _is_misnamed(clips: pd.DataFrame) -> "pd.Series[bool]":
    suffixes = clips["file"].str.extract(r"(\.[^./]+)$", expand=False).str.lower()
    pairs = zip(suffixes, clips["container"], strict=True)
    return pd.Series([bool(found) and found not in SUFFIXES.get(suffix, (found,)) for suffix, found in pairs],
                     index=clips.index, dtype=bool)  # fmt: skip


def formats_of(clips: pd.DataFrame) -> "pd.Series[str]":
    """Return container and encoding of each clip, such as `WAV PCM_16`."""
    return (clips["container"] + " " + clips["encoding"]).str.strip()


def odd_formats(evidence: Evidence) -> Finding | None:
    """Find clips of another format than most."""
    clips = evidence.sound[~_is_misnamed(evidence.sound)]
    advice = "lossy formats leave traces that a network sees; take all clips from one source if you can"
    return _odd_ones("odd-formats", clips, formats_of(clips), "format", advice)


def odd_rates(evidence: Evidence) -> Finding | None:
    """Find clips of another sample rate than most."""
    rates = evidence.sound["sample_rate"].map(lambda rate: f"{rate:,} Hz")
    advice = "emospec resamples; a clip of a lower rate stays empty above half its rate, so keep `--fmax` below that"
    return _odd_ones("odd-sample-rates", evidence.sound, rates, "sample rate", advice)


def odd_channels(evidence: Evidence) -> Finding | None:
    """Find clips with more or fewer channels than most."""
    channels = evidence.sound["channels"].map(channels_in_words)
    advice = "emospec takes the mean of the channels; listen whether they belong to one voice"
    return _odd_ones("odd-channels", evidence.sound, channels, "number of channels", advice)


def channels_in_words(number: int) -> str:
    """Return `mono`, `stereo` or `6 channels`."""
    return {1: "mono", 2: "stereo"}.get(number, f"{number} channels")


def _odd_ones(name: str, clips: pd.DataFrame, values: "pd.Series[str]", what: str, advice: str) -> Finding | None:
    if values.nunique() < 2:
        return None
    usual = values.value_counts().index[0]
    odd = values != usual
    says = f"{count_of(int(odd.sum()), 'clip')} of another {what} than the rest ({usual})"
    return about(with_values(clips[odd], values[odd]), name, "look at", says, advice)


def other_rate_than_published(evidence: Evidence) -> Finding | None:
    """Tell that most clips have another sample rate than the owners'."""
    published, rates = evidence.corpus.sample_rate, evidence.sound["sample_rate"]
    if published is None or rates.empty or int(rates.mode().iloc[0]) == published:
        return None
    found = int(rates.mode().iloc[0])
    lower = f"nothing above {found // 2:,} Hz is left; " if found < published else ""
    return Finding(
        "not-the-owners-rate",
        "for your information",
        f"sample rate {found:,} Hz, where the owners publish {published:,} Hz: these files were resampled",
        f"{lower}scores compare with those of others only if their files are like these",
        number=int((rates == found).sum()),
    )


def telltale(evidence: Evidence, column: str, what: str) -> Finding | None:
    """Find classes whose recordings differ from those of the others in something that is no emotion."""
    sound = evidence.sound
    values = formats_of(sound) if column == "format" else sound[column].astype("string")
    counts = pd.crosstab(sound["emotion"], values)
    gaps = [_gap(counts, str(emotion)) for emotion in counts.index]
    least = max([TELLTALE, *(gap / 2 for gap, _ in gaps)])  # where one class differs, the others differ a little
    return about(
        [told for gap, told in gaps if gap >= least],
        f"class-by-{column.replace('_', '-')}",
        "look at",
        f"{what} tells something of the class",
        "a model may learn that instead of the voice: balance it, or judge the model on other recordings",
    )


def _gap(counts: pd.DataFrame, emotion: str) -> tuple[float, str]:
    """Return how much more of a class than of the others has some value, in percent, and that in words."""
    own, rest = counts.loc[emotion], counts.drop(index=emotion).sum()
    if min(own.sum(), rest.sum()) < ENOUGH:
        return 0.0, ""
    own, rest = 100 * own / own.sum(), 100 * rest / rest.sum()
    value = int(np.argmax(own - rest))
    told = f"{emotion}: {own.iloc[value]:.0f} % are {counts.columns[value]}, {rest.iloc[value]:.0f} % of the others"
    return float(own.iloc[value] - rest.iloc[value]), told


RULES: tuple[Rule, ...] = (
    pointers, unreadable, truncated, silent, faint, clipped, offset, odd_lengths, misnamed, odd_formats, odd_rates,
    odd_channels, other_rate_than_published,
    partial(telltale, column="format", what="the file format"),
    partial(telltale, column="sample_rate", what="the sample rate"),
    partial(telltale, column="channels", what="the number of channels"),
    partial(telltale, column="sex", what="the speakers' sex"),
)  # fmt: skip
