"""The windows of a timeline: how long and how close together they may be on this server."""

from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError

LEAST_WINDOW = 0.5  # s
LEAST_HOP = 0.1  # s; with less, a long recording has more windows than an answer can hold
USUAL_WINDOW = 3.0  # s
USUAL_HOP = 1.0  # s


@dataclass(frozen=True)
class WindowLimits:
    """What windows can be asked for: the API describes these bounds, and holds requests to them.

    Attributes
    ----------
    longest : float
        Seconds that the model hears.
    """

    longest: float

    @property
    def shortest(self) -> float:
        """The shortest window, in seconds."""
        return min(LEAST_WINDOW, self.longest)

    @property
    def closest(self) -> float:
        """The least time from one window to the next, in seconds."""
        return min(LEAST_HOP, self.longest)

    @property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """The parameters as OpenAPI writes them."""
        return {
            "window": _schema(self.shortest, self.longest, USUAL_WINDOW),
            "hop": _schema(self.closest, self.longest, USUAL_HOP),
        }

    def chosen(self, window: float | None, hop: float | None) -> dict[str, float]:
        """Return the options of a timeline, with the usual ones in place of None.

        Raises
        ------
        RequestValidationError
            If a window is not within bounds, or windows would leave gaps.
        """
        window = min(USUAL_WINDOW, self.longest) if window is None else window
        _check("window", window, self.shortest, self.longest, "the most that this model hears")
        hop = min(USUAL_HOP, window) if hop is None else hop
        _check("hop", hop, self.closest, window, "the window")
        return {"window": window, "hop": hop}


def _schema(least: float, most: float, usual: float) -> dict[str, Any]:
    return {"type": "number", "minimum": least, "maximum": most, "default": min(usual, most)}


def _check(name: str, seconds: float, least: float, most: float, why: str) -> None:
    """Raise unless seconds are within bounds, whose upper one has a reason."""
    if not least <= seconds <= most:
        bounds = f"{_plain(least)} s, the least that this server takes, to {_plain(most)} s, {why}"
        told = f"{_plain(seconds)} s; expected {bounds}"
        raise RequestValidationError([{"loc": ("query", name), "msg": told}])


def _plain(seconds: float) -> str:
    """Return all digits: a bound that was rounded up would be refused itself."""
    return repr(seconds).removesuffix(".0")
