"""A picture of a network's layers."""

import io
import warnings

import keras


def layers_png(model: keras.Model) -> bytes | None:
    """Draw the layers with visualkeras; None, with a warning, for a network that it can't draw.

    visualkeras 0.2 asks layers for `output_shape`, which Keras 3 no longer has, so each layer is lent one.
    """
    import visualkeras

    for layer in model.layers:
        if not hasattr(layer, "output_shape"):
            layer.output_shape = tuple(layer.output.shape)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of its own default arguments
            picture = visualkeras.layered_view(model, legend=True, scale_xy=2, max_xy=240, max_z=120)
    except (AttributeError, TypeError, ValueError, IndexError) as error:
        warnings.warn(f"visualkeras can't draw the layers of {model.name} ({error})", stacklevel=2)
        return None
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
