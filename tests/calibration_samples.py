"""Scores whose right temperature is known."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits)
    return powers / powers.sum(axis=-1, keepdims=True)


def drawn(temperature: float, n: int = 20_000, n_classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are too sure by a known temperature: the labels are drawn from the scores that are not."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (n, n_classes))
    labels = (softmax(logits).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return softmax(logits * temperature), labels
