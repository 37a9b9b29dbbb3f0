"""The answers of the API, as its description states them."""

from typing import Any

from pydantic import BaseModel, Field


class ModelName(BaseModel):
    """Which model answered."""

    name: str
    sha256: str = Field(description="Of its graph.")


class Timings(BaseModel):
    """What the answer took, in milliseconds."""

    decode_ms: float
    predict_ms: float


class Signed(BaseModel):
    """What every answer on a recording tells besides."""

    timings: Timings
    model: ModelName
    version: str = Field(description="Of emospec.")


class Prediction(BaseModel):
    """One answer on a whole recording."""

    emotion: str = Field(description="The one with the greatest score.")
    confidence: float = Field(ge=0, le=1, description="The probability of that emotion.")
    scores: dict[str, float] = Field(description="The probability of each emotion; they sum to 1.")
    uncertain: bool = Field(description="Whether the answer had better not be relied on.")
    seconds: float = Field(description="Length of the recording.")


class PredictionAnswer(Signed, Prediction):
    """One answer on a whole recording, and who gave it."""


class WindowAnswer(BaseModel):
    """A stretch of a recording, in seconds."""

    start: float
    end: float
    emotion: str | None = Field(description="null where nobody speaks.")
    confidence: float | None = None
    scores: dict[str, float] | None = None
    uncertain: bool = False


class Timeline(BaseModel):
    """Answers along a long recording."""

    seconds: float = Field(description="Length of the recording.")
    windows: list[WindowAnswer] = Field(description="At regular times.")
    segments: list[WindowAnswer] = Field(description="Smoothed, without a gap between them.")


class TimelineAnswer(Signed, Timeline):
    """Answers along a long recording, and who gave them."""


class Explanation(Prediction):
    """One answer, and which part of the spectrogram spoke for it."""

    heat: list[list[float]] = Field(
        description="Rows from the highest frequency to the lowest, columns in time; above 0: spoke for the answer."
    )
    image: list[list[int]] = Field(
        description="The spectrogram as the model sees it, laid out as `heat`: 0 is silence."
    )
    start: float = Field(description="Second of the recording at the left edge.")
    end: float = Field(description="Second of the recording at the right edge.")


class ExplanationAnswer(Signed, Explanation):
    """One answer with what spoke for it, and who gave it."""


class ModelAnswer(BaseModel):
    """What is known of the model."""

    name: str
    sha256: str = Field(description="Of its graph.")
    classes: list[str] = Field(description="The emotions that it knows.")
    sample_rate: int = Field(description="At which it hears, in Hz; recordings may have any.")
    threshold: float | None = Field(description="Answers with a smaller probability are uncertain.")
    card: str = Field(description="The model card, Markdown.")
    facts: dict[str, Any] = Field(description="How it was made and measured.")


class Health(BaseModel):
    """Whether the server works."""

    status: str
    version: str
    workers: int
    busy: int


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(description="Where this server's documentation tells of it.")
    title: str
    status: int
    detail: str = Field(description="What was given, what is expected, what to do.")
    errors: list[dict[str, str]] | None = Field(None, description="Of parameters, one by one.")
