"""What one answer of a network costs."""

import keras
import numpy as np


def multiply_adds(model: keras.Model, image_shape: tuple[int, int, int]) -> int:
    """Return how many multiplications, each with an addition, the convolutions and dense layers take for one image.

    Each weight of a kernel is used once at every place of the layer's output.

    Parameters
    ----------
    image_shape : (height, width, channels)
        Of the image; a model may take several widths.
    """
    layers = [layer for layer in model.layers if any(len(weights.shape) > 1 for weights in layer.weights)]
    outputs = keras.Model(model.inputs, [layer.output for layer in layers])([np.zeros((1, *image_shape), np.float32)])
    places = [int(np.prod(output.shape[1:-1])) for output in keras.tree.flatten(outputs)]
    return sum(count * kernel_size(layer) for count, layer in zip(places, layers, strict=True))


def kernel_size(layer: keras.layers.Layer) -> int:
    """Return the number of weights that multiply; what is only added, or scales a channel, has one axis."""
    return sum(int(np.prod(weights.shape)) for weights in layer.weights if len(weights.shape) > 1)
