"""The emotions by their canonical names, the named class sets, and classes as integers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emospec.errors import ConfigError

EMOTIONS = ("angry", "boredom", "calm", "disgust", "fear", "happy", "neutral", "sad", "surprise")

CLASS_SETS: dict[str, tuple[str, ...]] = {
    "four": ("angry", "fear", "happy", "sad"),
    "six": ("angry", "disgust", "fear", "happy", "neutral", "sad"),
    "seven": ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    "all": EMOTIONS,
}

# Spellings seen in corpora and in collections of users, in lower case. Single letters are
# those of EmoDB (German) where they are unambiguous; SAVEE's and CREMA-D's codes live with those corpora.
SPELLINGS: dict[str, str] = {
    **{emotion: emotion for emotion in EMOTIONS},
    "anger": "angry", "ang": "angry", "furious": "angry", "mad": "angry",
    "wut": "angry", "ärger": "angry", "w": "angry",
    "bored": "boredom", "langeweile": "boredom", "l": "boredom",
    "calmness": "calm", "relaxed": "calm",
    "disgusted": "disgust", "dis": "disgust", "ekel": "disgust", "e": "disgust",
    "fearful": "fear", "afraid": "fear", "anxiety": "fear", "anxious": "fear", "fea": "fear",
    "scared": "fear", "angst": "fear",
    "happiness": "happy", "hap": "happy", "joy": "happy", "joyful": "happy", "glad": "happy",
    "freude": "happy", "f": "happy",
    "neu": "neutral", "normal": "neutral", "n": "neutral",
    "sadness": "sad", "trauer": "sad", "traurig": "sad", "t": "sad",
    "surprised": "surprise", "sur": "surprise", "ps": "surprise", "pleasant_surprise": "surprise",
    "pleasant_surprised": "surprise", "pleasant-surprise": "surprise", "pleasant surprise": "surprise",
}  # fmt: skip


def canonical_emotion(spelling: str, spellings: Mapping[str, str] | None = None) -> str:
    """Return the canonical name of an emotion however a collection spells it.

    Parameters
    ----------
    spelling : str
        A label as found; upper and lower case, blanks around it are ignored. What is no text is no emotion.
    spellings : mapping, optional
        The user's own spellings, looked up before `SPELLINGS`.

    Raises
    ------
    ConfigError
        If neither table knows the spelling, or the user's table maps to no known emotion.
    """
    key = str(spelling).strip().lower()
    own = {str(name).strip().lower(): emotion for name, emotion in (spellings or {}).items()}
    emotion = own.get(key) or SPELLINGS.get(key)
    if emotion not in EMOTIONS:
        raise ConfigError(
            f"unknown emotion {spelling!r}; known: {', '.join(EMOTIONS)} and their usual spellings; "
            "map your own with a spellings table, such as {'mad': 'angry'}"
        )
    return emotion


def class_set(classes: str | Sequence[str], *, found: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return the emotions of a named class set, or of a list of spellings (`"angry,sad"` or a sequence).

    Parameters
    ----------
    classes : str or sequence of str
    found : iterable of str, optional
        The emotions that the clips have. The set `all` is limited to them, in its own order; no other one is.

    Raises
    ------
    ConfigError
        If an emotion is unknown or named twice, or there are fewer than two.

    >>> class_set("four")
    ('angry', 'fear', 'happy', 'sad')
    >>> class_set("sadness, anger")
    ('sad', 'angry')
    """
    if isinstance(classes, str) and classes in CLASS_SETS:
        if classes != "all" or found is None:
            return CLASS_SETS[classes]
        classes = sorted(set(found) & set(EMOTIONS), key=EMOTIONS.index)
    names = classes.split(",") if isinstance(classes, str) else list(classes)
    try:
        emotions = tuple(canonical_emotion(name) for name in names)
    except ConfigError as error:
        raise ConfigError(f"{error}; named sets of classes: {', '.join(CLASS_SETS)}") from None
    if len(set(emotions)) != len(emotions) or len(emotions) < 2:
        raise ConfigError(f"classes {', '.join(names) or 'none'}: expected at least two different emotions")
    return emotions


@dataclass(frozen=True)
class Labels:
    """Ordered classes; the position of a class is its integer label."""

    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.classes)

    def encode(self, emotions: Iterable[str]) -> NDArray[np.int32]:
        """Return one int32 label an emotion; an emotion outside the classes is a `ConfigError`."""
        index = {name: label for label, name in enumerate(self.classes)}
        try:
            return np.array([index[emotion] for emotion in emotions], dtype=np.int32)
        except KeyError as error:
            raise ConfigError(
                f"emotion {error.args[0]!r} is not one of the classes {', '.join(self.classes)}"
            ) from None

    def decode(self, labels: Iterable[int]) -> list[str]:
        """Return the class names of integer labels; a label out of range is a `ConfigError`."""
        numbers = [int(label) for label in labels]
        wrong = next((n for n in numbers if not 0 <= n < len(self)), None)
        if wrong is not None:
            raise ConfigError(f"label {wrong} is out of range 0 to {len(self) - 1} ({', '.join(self.classes)})")
        return [self.classes[n] for n in numbers]
