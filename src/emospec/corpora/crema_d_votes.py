"""What CREMA-D's listeners heard in the voice alone, from either of the owners' tables."""

from collections.abc import Sequence
from pathlib import Path

from emospec.clips import format_votes
from emospec.corpora.owners_table import Row, find_table, number_or_none, read_table

VOTE_CODES = {"A": "angry", "D": "disgust", "F": "fear", "H": "happy", "N": "neutral", "S": "sad"}
COUNTED_VOTES = "tabulatedVotes.csv"
SUMMED_UP_VOTES = "summaryTable.csv"
VOICE_ALONE = 1  # 2 is the face alone, 3 both; row 100001 of the counted votes is clip 1 as it was heard


def read_votes(paths: Sequence[Path]) -> dict[str, str]:
    """Return what listeners heard, by the name of a clip, as `format_votes` and `parse_votes` have it.

    The owners' table with all counts (`tabulatedVotes.csv`) comes before the one with the most frequent answers
    alone (`summaryTable.csv`). Each is looked for beside the clips and one folder above them, and there also in
    `processedResults`; without any the answer is empty.

    Raises
    ------
    CorpusError
        If the table is broken.
    """
    readers = (
        (COUNTED_VOTES, ("", *VOTE_CODES, "fileName"), _counted),
        (SUMMED_UP_VOTES, ("FileName", "VoiceVote"), _summed_up),
    )
    for name, columns, tell in readers:
        table = find_table(paths, (name, f"processedResults/{name}"))
        if table is not None:
            told = read_table(table, columns, tell, needed="the listeners' votes are")
            return {clip: votes for clip, votes in told if votes}
    return {}


def _counted(row: Row) -> tuple[str, str | None]:
    """Return a clip and its votes; none for a clip that nobody answered, or that was seen."""
    _check_whole(row)
    number = row[""]
    if number[:1] not in ("1", "2", "3") or len(number) != 6 or not number.isdecimal():
        raise ValueError(f"row number {number!r}, not from 100001 (a voice alone) to 307442")
    if number[0] != str(VOICE_ALONE):
        return row["fileName"], None
    return row["fileName"], format_votes({name: number_or_none(row, code) or 0 for code, name in VOTE_CODES.items()})


def _summed_up(row: Row) -> tuple[str, str | None]:
    _check_whole(row)
    codes = row["VoiceVote"].split(":") if row["VoiceVote"] else []
    if not set(codes) <= set(VOTE_CODES):
        known = ", ".join(VOTE_CODES)
        raise ValueError(f"VoiceVote is {row['VoiceVote']!r}, not {known} or several such as A:H")
    return row["FileName"], " ".join(VOTE_CODES[code] for code in codes) or None


def _check_whole(row: Row) -> None:
    """Raise if the last cell is empty, which it never is: what was cut off must not pass for unknown votes."""
    if not list(row.values())[-1]:
        raise ValueError(f"the row of {next(iter(row.values()))} is cut off")
