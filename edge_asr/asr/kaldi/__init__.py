"""Streaming recognizers of the Kaldi TDNN-F family."""
