"""Rules of the corpus doctor on what the clips are said to be: labels, speakers, names and numbers."""

import pandas as pd

from emospec.clips import speaker_keys
from emospec.doctor_findings import Evidence, Finding, Rule, about, by_count, count_of, with_values

IMBALANCE = 3.0  # clips of the largest class to one of the smallest
DOMINANT = 0.5  # share of the clips that one speaker may have
FEW_SPEAKERS = 3  # training, validation and test part need one each

FACTS = {"sex": "the sex", "age": "the age", "votes": "the listeners' votes"}
WHERE_FACTS_ARE = {
    "crema-d": "put the owners' VideoDemographics.csv and summaryTable.csv beside the folder AudioWAV",
}


def no_clips(evidence: Evidence) -> Finding | None:
    """Tell why no file could be taken for a clip."""
    if not evidence.trouble:
        return None
    what, _, to_do = evidence.trouble.rpartition("; ")
    return Finding("no-clips", "must mend", what, to_do, tuple(evidence.files["file"]))


def broken_tables(evidence: Evidence) -> Finding | None:
    """Tell which of the owners' tables beside the clips cannot be read."""
    parted = [message.rpartition("; ") for message in evidence.broken_tables]
    return about(
        (what for what, _, _ in parted),
        "broken-tables",
        "must mend",
        f"{count_of(len(parted), 'table')} beside the clips cannot be read: what it tells is missing here, and "
        "everything else in emospec refuses this corpus",
        "; ".join(to_do for _, _, to_do in parted),
    )


def same_audio_other_label(evidence: Evidence) -> Finding | None:
    """Find recordings that stand under several emotions."""
    groups = [group for group in _same_audio(evidence) if _emotions(group) > 1]
    return about(
        map(_equation, groups),
        "same-audio-other-label",
        "must mend",
        f"{count_of(len(groups), 'recording')} under more than one emotion, the very same samples",
        "one of the labels must be wrong: remove both clips, or listen and remove the wrong one",
    )


def same_audio_other_speaker(evidence: Evidence) -> Finding | None:
    """Find recordings that stand under one emotion and several speakers."""
    groups = [group for group in _same_audio(evidence) if _speakers(group) > 1 and _emotions(group) == 1]
    return about(
        map(_equation, groups),
        "same-audio-other-speaker",
        "must mend",
        f"{count_of(len(groups), 'recording')} under more than one speaker, the very same samples",
        "no split by speaker can keep them apart: find out who speaks and remove the other clip, or remove both",
    )


def same_audio_twice(evidence: Evidence) -> Finding | None:
    """Find recordings that stand twice under the same emotion and speaker."""
    groups = [group for group in _same_audio(evidence) if _speakers(group) <= 1 and _emotions(group) == 1]
    return about(
        map(_equation, groups),
        "same-audio-twice",
        "look at",
        f"{count_of(len(groups), 'recording')} more than once, with the same emotion and speaker",
        "they count double in training and in scores: remove all but one of each",
    )


def _same_audio(evidence: Evidence) -> list[pd.DataFrame]:
    """Return the groups of clips with equal samples, and those of pointers to equal files; silence is no recording."""
    clips = evidence.clips[(evidence.clips["problem"] == "pointer") | evidence.clips["rms_db"].notna()]
    identity = clips["audio_sha256"].where(clips["audio_sha256"] != "", clips["sha256"])
    return [group for _, group in clips.groupby(identity, sort=False) if len(group) > 1]


def _speakers(group: pd.DataFrame) -> int:
    return int(speaker_keys(group).nunique())


def _emotions(group: pd.DataFrame) -> int:
    return len(set(group["emotion"]))


def _equation(group: pd.DataFrame) -> str:
    return " = ".join(group["file"])


def second_copies(evidence: Evidence) -> Finding | None:
    """Tell of files that hold a clip again by their name."""
    copies = evidence.files[evidence.files["kind"] == "copy"]
    if copies.empty:
        return None
    sound, clips = evidence.sound["audio_sha256"], evidence.clips["sha256"]
    other = ~(copies["audio_sha256"].isin(sound) | copies["sha256"].isin(clips))
    known = f"{other.sum():,} of them with other samples (lossy, resampled, or another recording)"
    return Finding(
        "second-copies",
        "look at" if other.any() else "for your information",
        f"{count_of(len(copies), 'file')} left out: second copies of clips by their names, "
        + (known if other.any() else "all with the same samples"),
        "listen which one is right; emospec reads WAV before FLAC before MP3, then the least nested"
        if other.any()
        else "nothing, or remove them to save room",
        (*copies.loc[other, "file"], *copies.loc[~other, "file"]),
    )


def unparsed(evidence: Evidence) -> Finding | None:
    """Find audio files whose names are not of the corpus."""
    files = evidence.files[evidence.files["kind"] == "unparsed"]
    if files.empty or evidence.trouble:
        return None
    sound = evidence.sound.drop_duplicates("audio_sha256").set_index("audio_sha256")["file"]
    twins = files["audio_sha256"].map(sound).astype("string")
    notes = files["reason"].where(twins.isna(), "= " + twins)
    return Finding(
        "unparsed-names",
        "look at",
        f"{count_of(len(files), 'audio file')} left out: the names do not tell an emotion in this corpus",
        f"name them as in {evidence.corpus.layout}, or remove them",
        tuple(text.strip() for text in with_values(files, notes, " ")),
    )


def missing(evidence: Evidence) -> Finding | None:
    """Tell how much of the published corpus is here."""
    corpus, clips = evidence.corpus, evidence.clips
    if not corpus.n_clips or len(clips) >= corpus.n_clips or clips.empty:
        return None
    lacking = [emotion for emotion in corpus.emotions if emotion not in set(clips["emotion"])]
    without = f"; no clip of {', '.join(lacking)}" if lacking else ""
    return Finding(
        "missing-clips",
        "for your information",
        f"a part of {corpus.title}: {len(clips):,} of {corpus.n_clips:,} clips, "
        f"{_speakers(clips)} of {corpus.n_speakers} speakers{without}",
        "nothing, if you meant to have a part; scores compare only with those on the same part",
        number=corpus.n_clips - len(clips),
    )


def surplus(evidence: Evidence) -> Finding | None:
    """Find more clips or speakers than the owners published."""
    corpus, clips = evidence.corpus, evidence.clips
    counts = ((len(clips), corpus.n_clips, "clips"), (_speakers(clips), corpus.n_speakers, "speakers"))
    more = [(found, known, what) for found, known, what in counts if known and found > known]
    if not more:
        return None
    return Finding(
        "surplus",
        "look at",
        "; ".join(f"{found:,} {what}, where the owners publish {known:,}" for found, known, what in more),
        "files of another collection, or altered copies, lie among the clips: an unaltered copy has no more",
        number=more[0][0] - more[0][1],
    )


def unknown_speakers(evidence: Evidence) -> Finding | None:
    """Find clips whose speaker is not known."""
    clips = evidence.clips[evidence.clips["speaker"].isna()]
    return about(
        clips["file"],
        "unknown-speakers",
        "look at",
        f"{count_of(len(clips), 'clip')} without a known speaker",
        "no split can keep speakers apart, and scores will be too good: list the files with their speakers in a CSV "
        "(`emospec corpora show csv`)",
    )


def few_speakers(evidence: Evidence) -> Finding | None:
    """Find a corpus, or classes in it, with fewer speakers than parts of a split."""
    clips = evidence.clips[evidence.clips["speaker"].notna()]
    speakers = speaker_keys(clips).groupby(clips["emotion"]).nunique()
    few = speakers[speakers < FEW_SPEAKERS]
    if few.empty:
        return None
    n_all = _speakers(clips)
    who = count_of(n_all, "speaker") if n_all < FEW_SPEAKERS else f"classes with fewer than {FEW_SPEAKERS} speakers"
    return Finding(
        "few-speakers",
        "look at",
        f"{who}: training, validation and test part need one each",
        "see `emospec protocols` for what fits, or add a corpus; what holds for these voices need not hold for others",
        by_count(few, "speaker"),
    )


def lacking_classes(evidence: Evidence) -> Finding | None:
    """Find speakers who do not speak every class."""
    counts = speakers_by_class(evidence.clips)
    lacking = counts[(counts == 0).any(axis=1)]
    single = int(((counts > 0).sum(axis=1) == 1).sum()) if counts.shape[1] > 1 else 0
    alone = f", {single:,} with one class only" if single else ""
    return about(
        [f"{speaker}: no {', '.join(row.index[row == 0])}" for speaker, row in lacking.iterrows()],
        "lacking-classes",
        "look at",
        f"{len(lacking):,} of {count_of(len(counts), 'speaker')} without a clip of some class{alone}",
        "where voice and class go together, a model can learn the voice: judge it on speakers who have all classes",
    )


def speakers_by_class(clips: pd.DataFrame) -> pd.DataFrame:
    """Return the number of clips, one row a known speaker, one column a class."""
    known = clips[clips["speaker"].notna()]
    speakers = speaker_keys(known) if len(set(known["corpus"])) > 1 else known["speaker"].astype("string")
    return pd.crosstab(speakers, known["emotion"])


def imbalance(evidence: Evidence) -> Finding | None:
    """Find classes with far fewer clips than others."""
    counts = evidence.clips["emotion"].value_counts()
    if len(counts) < 2 or counts.iloc[0] < IMBALANCE * counts.iloc[-1]:
        return None
    return Finding(
        "imbalance",
        "look at",
        f"{counts.iloc[0] / counts.iloc[-1]:.1f} times as many clips of {counts.index[0]} as of {counts.index[-1]}",
        "go by UAR, not by accuracy, and weigh the classes in training",
        by_count(counts, "clip"),
    )


def dominant_speaker(evidence: Evidence) -> Finding | None:
    """Find a speaker who has most of the clips."""
    counts = speaker_keys(evidence.clips).value_counts()
    if len(counts) < FEW_SPEAKERS or counts.iloc[0] <= DOMINANT * counts.sum():
        return None
    counts.index = counts.index.str.partition("/").get_level_values(2)
    share, most = 100 * counts.iloc[0] / counts.sum(), counts.index[0]
    return Finding(
        "dominant-speaker",
        "look at",
        f"one of {len(counts)} speakers has {share:.0f} % of the clips: {most}",
        "most of what is learned or measured is one person: take fewer of these clips",
        by_count(counts, "clip"),
    )


def names_alike(evidence: Evidence) -> Finding | None:
    """Find speakers whose names differ only in case, blanks, signs or leading zeros."""
    names = pd.Series(sorted(speaker_keys(evidence.clips).dropna().unique()), dtype="string")
    plain = (
        names.str.lower().str.replace(r"[^\w/]+|_+", "-", regex=True).str.replace(r"(?<!\d)0+(?=\d)", "", regex=True)
    )
    pairs = [" = ".join(group.str.partition("/")[2]) for _, group in names.groupby(plain) if len(group) > 1]
    return about(
        pairs,
        "speakers-alike",
        "look at",
        f"{count_of(len(pairs), 'speaker')} under more than one spelling",
        "if they are one person, spell them alike: a split by speaker would put one voice into two parts",
    )


def two_sexes(evidence: Evidence) -> Finding | None:
    """Find speakers of whom clips tell different things."""
    keys = speaker_keys(evidence.clips)
    sexes = evidence.clips["sex"].groupby(keys).nunique()
    speakers = [speaker.partition("/")[2] for speaker in sexes.index[sexes > 1]]
    return about(
        speakers,
        "two-sexes",
        "look at",
        f"{count_of(len(speakers), 'speaker')} called male and female",
        "two people under one name, or a wrong row: mend the table",
    )


def not_told(evidence: Evidence) -> Finding | None:
    """Tell which facts about the clips are not known."""
    clips, hint = evidence.clips, WHERE_FACTS_ARE.get(evidence.corpus.name)
    columns = FACTS if hint else {name: FACTS[name] for name in ("sex", "age")}
    counts = {what: int(clips[column].isna().sum()) for column, what in columns.items() if column in clips}
    says = [f"{what} of {count:,} clips" for what, count in counts.items() if count]
    if not says:
        return None
    return Finding(
        "facts-not-known",
        "for your information",
        f"not known: {', '.join(says)}",
        hint or "without them, a model cannot be audited by sex or age",
        number=max(counts.values()),
    )


RULES: tuple[Rule, ...] = (
    same_audio_other_label, same_audio_other_speaker, same_audio_twice, second_copies, unparsed, missing,
    surplus, unknown_speakers, few_speakers, lacking_classes, imbalance, dominant_speaker, names_alike, two_sexes,
    not_told,
)  # fmt: skip
