"""What one request, one client and all of them together may cost the server."""

from dataclasses import dataclass, fields
from pathlib import Path

from emospec.errors import ConfigError

MIB = 2**20
LONGEST_ANSWER = 16 * MIB  # of a worker: windows of a day, one each second
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Limits:
    """What one request, one client and all of them together may cost.

    Parameters
    ----------
    max_body : int
        Size of an upload in MiB.
    max_duration : float
        Length of a recording, and of a live session, in seconds.
    max_time : float
        Seconds from the beginning of a request to its answer.
    max_requests : int
        Uploads in hand at once, those that wait for their turn included.
    max_live : int
        Live sessions at once.
    max_share : int
        Per cent of all uploads in hand, and of live sessions, that one client may have; 100 sets no limit.
    rate : int
        Requests a minute from one client; 0 sets no limit.
    worker_memory : int
        MiB that a worker may take for one recording, besides the model.
    """

    max_body: int = 32
    max_duration: float = 600.0
    max_time: float = 60.0
    max_requests: int = 64
    max_live: int = 8
    max_share: int = 80
    rate: int = 300
    worker_memory: int = 512

    def __post_init__(self) -> None:
        """Raise a `ConfigError` for a limit that would let nothing through."""
        for field in fields(self):
            value, least = getattr(self, field.name), 0 if field.name == "rate" else 1
            if not least <= value < float("inf"):
                option = field.name.replace("_", "-")
                raise ConfigError(f"--{option} {value}: expected a number, at least {least}")
        if self.max_share > 100:
            raise ConfigError(f"--max-share {self.max_share}: expected per cent, from 1 to 100")

    @property
    def body_bytes(self) -> int:
        """Size of an upload."""
        return self.max_body * MIB


@dataclass(frozen=True)
class Served:
    """What is served, to whom.

    Attributes
    ----------
    bundle : Path, optional
        The one that came with emospec unless given.
    workers : int
        Processes that decode and predict.
    api_key : str, optional
        That every request under /v1 must bring, if any.
    hosts : tuple of str
        Names of this server besides `localhost` and IP addresses; `*` lets any name pass.
    """

    bundle: Path | None = None
    limits: Limits = Limits()
    workers: int = 1
    api_key: str | None = None
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise a `ConfigError` unless somebody works."""
        if self.workers < 1:
            raise ConfigError(f"--workers {self.workers}: expected a number, at least 1")
