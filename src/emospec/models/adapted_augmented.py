"""`adapted-augmented`: `adapted` behind the notebook's resizing, rotation and flip."""

from dataclasses import replace

from emospec.models.adapted import ADAPTED

ADAPTED_AUGMENTED = replace(
    ADAPTED,
    name="adapted-augmented",
    summary="resize to 128x128, random rotation and horizontal flip, then `adapted`",
    image_size=(128, 128),
    augmentation=("rotation", "flip"),
)
