"""Streaming zipformers in sherpa-onnx's layout: transducer and CTC."""
