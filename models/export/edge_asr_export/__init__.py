"""From published weights to a bundle that edge_asr can run."""

import edge_asr  # noqa: F401 - it silences onnxruntime, before a file here imports that
