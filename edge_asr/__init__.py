"""Streaming speech recognition that lives in the house and speaks MQTT."""

import os

__version__ = "0.1.0"

# Since 1.29 the published onnxruntime tells its makers about each model that it loads, from its import on. It looks at
# this variable once, when it is imported; so it stands where every import of ours begins.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# numpy's matrices are small here: OpenBLAS' threads for them only spin, and cost several times what they save (17 ms of
# CPU for a second of audio instead of 2). It looks once too, when numpy is imported; a value that is set already stays.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
