"""Speech emotion recognition from spectrogram images."""

import os

__version__ = "0.1.0"

# onnxruntime's official builds send trace events to their maker unless told otherwise before they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
