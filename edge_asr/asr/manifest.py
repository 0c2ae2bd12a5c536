"""What a bundle says of itself: `manifest.json`, typed and checked; a bundle is trusted no further than this."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

BundleName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")]  # no folder, nothing hidden
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=1)]
Counts = Annotated[tuple[Count, ...], Meta(min_length=1)]
Context = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0.0)]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every part: an unknown key is refused with its path."""


class Features(Part, frozen=True):
    """MFCC as the network was trained on it: int16 scale, no energy, no dither."""

    mel_bins: Count
    ceps: Count
    low_hz: Annotated[float, Meta(ge=0.0)]
    high_hz: Positive
    frame_shift_ms: Positive
    frame_length_ms: Positive


class Search(Part, frozen=True):
    """Defaults of the beam search; the configuration may override them."""

    beam: Positive
    max_active: Count
    acoustic_scale: Positive


class FileEntry(Part, frozen=True):
    """One file of the bundle, beside the manifest."""

    path: FileName
    sha256: Sha256
    bytes: Count


class Manifest(Part, frozen=True, tag_field="kind"):
    """What every bundle says; a subclass for each family of models adds its own.

    Model dimensions are read here, never written as literals elsewhere. `files` holds one entry for each of ROLES, and
    of MAY_LACK those that there are.
    Each family counts its `format` by itself.
    """

    ROLES: ClassVar[tuple[str, ...]] = ()
    MAY_LACK: ClassVar[tuple[str, ...]] = ()  # roles that earlier builds had not, and not every use needs
    USE: ClassVar[str] = "models.bundle"  # the settings that it may be the value of

    name: BundleName
    language: str
    description: str
    version: str
    licence: str
    source: str  # package==version and the folder inside its archive
    sample_rate_hz: Count
    files: dict[str, FileEntry]


class KaldiManifest(Manifest, frozen=True, tag="kaldi-tdnnf"):
    """A streaming TDNN-F network with online ivectors and a decoding graph.

    `labels` counts the input labels of the graph (1..labels), `pdfs` is the width of the network's output.
    """

    ROLES: ClassVar[tuple[str, ...]] = ("network", "network_float", "graph", "words", "labels", "ivector")
    MAY_LACK: ClassVar[tuple[str, ...]] = ("lexicon",)

    format: Literal[2]  # 1 had a network without states
    features: Features
    left_context_frames: Context
    right_context_frames: Context
    subsampling_factor: Count
    ivector_dim: Count
    pdfs: Count
    labels: Count
    search: Search


class MoonshineManifest(Manifest, frozen=True, tag="moonshine"):
    """An offline encoder over raw samples and a decoder that writes tokens: for the second pass, or alone.

    `vocabulary` is the width of the decoder's output, `width` that of the encoder's, `layers`, `heads` and `head_width`
    are those of the decoder's memory. Beyond `tokens_per_s` no text is believed; audio goes in up to `longest_s`.
    """

    ROLES: ClassVar[tuple[str, ...]] = ("encoder", "decoder", "tokenizer")
    USE: ClassVar[str] = "models.bundle, second_pass.bundle"

    format: Literal[1]
    vocabulary: Count
    width: Count
    layers: Count
    heads: Count
    head_width: Count
    start_token: Context
    end_token: Context
    tokens_per_s: Positive
    fewest_samples: Count
    longest_s: Positive


class ZipformerEncoder(Part, frozen=True):
    """Sizes of a streaming zipformer; a tuple has one entry for each stack of its encoder.

    One run takes `chunk_frames` frames and moves on by `shift_frames`. `left_contexts` are what each stack remembers,
    in frames of its own rate.
    """

    mel_bins: Count
    chunk_frames: Count
    shift_frames: Count
    layers: Counts
    dims: Counts
    query_head_dims: Counts
    value_head_dims: Counts
    heads: Counts
    kernels: Counts
    left_contexts: Counts


class ZipformerManifest(Manifest, frozen=True):
    """A streaming zipformer in sherpa-onnx's layout; `vocabulary` counts its tokens."""

    format: Literal[1]
    encoder: ZipformerEncoder
    vocabulary: Count


class ZipformerTransducerManifest(ZipformerManifest, frozen=True, tag="zipformer-transducer"):
    """With a decoder that looks at the last `context_size` tokens, and a joiner."""

    ROLES: ClassVar[tuple[str, ...]] = ("encoder", "decoder", "joiner", "tokens")

    context_size: Count


class ZipformerCtcManifest(ZipformerManifest, frozen=True, tag="zipformer-ctc"):
    """One network, whose outputs are log probabilities of the tokens."""

    ROLES: ClassVar[tuple[str, ...]] = ("network", "tokens")


class SileroManifest(Manifest, frozen=True, tag="silero-vad"):
    """A voice detector for the gate, no recognizer: windows of `window_samples`, each after `context_samples`."""

    ROLES: ClassVar[tuple[str, ...]] = ("network",)
    USE: ClassVar[str] = "gate.vad"

    format: Literal[1]
    window_samples: Count
    context_samples: Count


AnyManifest = (  # the union of all families
    KaldiManifest | MoonshineManifest | ZipformerTransducerManifest | ZipformerCtcManifest | SileroManifest
)
