"""Any collection with one folder an emotion: `angry/anything.wav`."""

from pathlib import Path

from emospec.corpora.core import Clip, Corpus, Reading, Spellings, audio_files
from emospec.emotions import EMOTIONS, canonical_emotion
from emospec.errors import ConfigError, CorpusError


def read(root: Path, spellings: Spellings) -> Reading:
    """Read the folders directly under `root` as emotions; folders inside them are entered.

    Raises
    ------
    CorpusError
        If a folder that holds audio has a name that no table knows.
    """
    paths = audio_files(root)
    inside = [path for path in paths if path.parent != root]
    emotions = _emotions(root, list(dict.fromkeys(path.relative_to(root).parts[0] for path in inside)), spellings)
    clips = [
        Clip(path, key=str(path.with_suffix("")), emotion=emotions[path.relative_to(root).parts[0]]) for path in inside
    ]
    return Reading(clips, [path for path in paths if path.parent == root])


def _emotions(root: Path, folders: list[str], spellings: Spellings) -> dict[str, str]:
    emotions: dict[str, str] = {}
    unknown: list[str] = []
    for folder in folders:
        try:
            emotions[folder] = canonical_emotion(folder, spellings)
        except ConfigError:
            unknown.append(folder)
    if unknown:
        raise CorpusError(
            f"no known emotion in the names of these folders of {root}: {', '.join(unknown)}; "
            f"expected {', '.join(EMOTIONS)} or a usual spelling of them; "
            f"rename the folders, or map them with a spellings table, such as {{{unknown[0]!r}: 'angry'}}"
        )
    return emotions


FOLDER = Corpus(
    name="folder",
    title="folder",
    description="Your own collection: one folder an emotion, in any usual spelling. Speakers are not known.",
    how_to_get="Sort your recordings into folders. To name speakers, list the files in a CSV instead (corpus csv).",
    layout="angry/anything.wav",
    read=read,
)
