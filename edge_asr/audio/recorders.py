"""How each recorder is told to write the samples of one source: parec, pw-record and arecord."""

from edge_asr.audio.arecord import Probes
from edge_asr.audio.backend import Reader
from edge_asr.audio.child_stream import Recorder
from edge_asr.audio.devices import Microphone
from edge_asr.audio.pulse import STREAM_PROPERTY
from edge_asr.audio.sample_format import SampleFormat

_ARECORD_BUFFER_MS = 500
_APPLICATION = "edge_asr"


def recorder_of(reader: Reader, microphone: Microphone, stream_id: str, chunk_ms: int, probes: Probes) -> Recorder:
    """How `reader` is started for it, at its own rate and channels. Raises CaptureError: ALSA does not let it in."""
    if reader == "arecord":
        shape = probes.shape_of(microphone)
        return arecord(shape.device, shape.sample_format, shape.sample_rate_hz, shape.channels, chunk_ms)
    build = parec if reader == "parec" else pw_record
    return build(microphone, stream_id, chunk_ms)


def parec(microphone: Microphone, stream_id: str, chunk_ms: int) -> Recorder:
    """PulseAudio's, which PipeWire serves too. Channels by their number: a map of names would mix them."""
    words = (
        "parec",
        f"--device={microphone.name}",
        "--raw",
        "--format=s16le",
        f"--rate={microphone.sample_rate_hz}",
        f"--channels={microphone.channels}",
        "--no-remix",
        "--no-remap",
        f"--latency-msec={chunk_ms}",  # else it comes in lumps of two seconds
        f"--client-name={_APPLICATION}",
        f"--stream-name={_APPLICATION}",
        f"--property={STREAM_PROPERTY}={stream_id}",
    )
    return Recorder(words, microphone.sample_rate_hz, microphone.channels)


def pw_record(microphone: Microphone, stream_id: str, chunk_ms: int) -> Recorder:
    """PipeWire's own. It writes 4096 bytes at a time, 128 ms of 16 kHz mono."""
    properties = {
        STREAM_PROPERTY: stream_id,
        "application.name": _APPLICATION,
        "media.name": _APPLICATION,
        "node.dont-reconnect": "true",  # a source that goes away is not replaced by another one
        "stream.dont-remix": "true",
    }
    target = microphone.name
    if microphone.is_monitor:  # PulseAudio's name for what PipeWire takes from the sink itself
        target = target.removesuffix(".monitor")
        properties["stream.capture.sink"] = "true"
    words = (
        "pw-record",
        f"--target={target}",
        "--format=s16",
        f"--rate={microphone.sample_rate_hz}",
        f"--channels={microphone.channels}",
        f"--latency={chunk_ms}ms",
        f"--properties={{ {' '.join(f'{name}={value}' for name, value in properties.items())} }}",
        "-",
    )
    return Recorder(words, microphone.sample_rate_hz, microphone.channels)


def arecord(device: str, sample_format: SampleFormat, sample_rate_hz: int, channels: int, chunk_ms: int) -> Recorder:
    """ALSA's. Not --quiet: it would not tell of a device that has another rate."""
    words = (
        "arecord",
        f"--device={device}",
        "--file-type=raw",
        f"--format={sample_format}",
        f"--rate={sample_rate_hz}",
        f"--channels={channels}",
        f"--period-time={chunk_ms * 1000}",
        f"--buffer-time={max(_ARECORD_BUFFER_MS, 4 * chunk_ms) * 1000}",
    )
    return Recorder(words, sample_rate_hz, channels, sample_format)
