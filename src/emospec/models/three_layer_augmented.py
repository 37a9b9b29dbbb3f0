"""`3layer-augmented`: `3layer` behind the notebook's resizing, rotation and flip."""

from dataclasses import replace

from emospec.models.three_layer import THREE_LAYER

THREE_LAYER_AUGMENTED = replace(
    THREE_LAYER,
    name="3layer-augmented",
    summary="resize to 128x128, random rotation and horizontal flip, then `3layer`",
    image_size=(128, 128),
    augmentation=("rotation", "flip"),
)
