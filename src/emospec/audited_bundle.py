"""Bundles as models that can be audited."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from emospec.audio import Waveform
from emospec.audited import AuditedModel
from emospec.bundle import Bundle
from emospec.errors import ScoreError
from emospec.heard import speakers_of


def as_audited(bundle: Bundle) -> AuditedModel:
    """Return a bundle as an audit sees a model: whom it has heard stands in its facts."""

    def score(waveforms: Sequence[Waveform], sample_rate: int, clips: pd.DataFrame) -> NDArray[Any]:
        try:
            return bundle.score(waveforms, sample_rate)
        except ScoreError as error:
            raise ScoreError(f"{clips['path'].iloc[error.place]}: {error}", error.place) from None

    return AuditedModel(
        name=f"{bundle.name} (bundle)",
        score=score,
        classes=bundle.classes,
        sample_rate=bundle.sample_rate,
        training_speakers=bundle.training_speakers,
        fingerprint=bundle.fingerprint,
        surely_heard=frozenset(speakers_of(bundle.corpora)),
    )
