"""What a user can do wrong, as exceptions: each prints as one line and exits with code 2."""


class EmospecError(Exception):
    """An input that cannot be used; the message says what was given, what is expected and what to do."""


class ArchiveError(EmospecError):
    """An archive that cannot be read or that would write outside its folder."""


class AudioError(EmospecError):
    """A recording that cannot be used: unreadable, silent, too short or too long."""


class ScoreError(AudioError):
    """A sound to which a model gives scores that are no numbers.

    Parameters
    ----------
    place : int
        Of the sound among those that were scored together.
    """

    def __init__(self, message: str, place: int = 0) -> None:
        super().__init__(message)
        self.place = place


class ConfigError(EmospecError):
    """An unknown name or a value out of range in a setting, a model or a protocol."""


class CorpusError(EmospecError):
    """A corpus that is missing, empty or not laid out as its owners publish it."""


class ImageSetError(EmospecError):
    """A folder of images whose pictures, labels and table do not fit together."""


class SplitError(EmospecError):
    """A table of clips that a protocol cannot divide."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its kind if it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
