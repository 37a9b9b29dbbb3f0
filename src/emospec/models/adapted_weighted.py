"""`adapted-weighted`: `adapted-augmented` with more dropout and classes that weigh differently."""

from dataclasses import replace

from emospec.models.adapted_augmented import ADAPTED_AUGMENTED

ADAPTED_WEIGHTED = replace(
    ADAPTED_AUGMENTED,
    name="adapted-weighted",
    summary="`adapted-augmented` with dropout 0.35 twice, a loss weighted by class, Adam at 0.0005",
    dropout=(0.35, 0.35),
    learning_rate=0.0005,
    loss="weighted_categorical_crossentropy",
    class_weights={"angry": 1.0, "fear": 2.0, "happy": 1.5, "sad": 1.0},
)
