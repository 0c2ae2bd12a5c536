"""What was last said of each control, kept across restarts in a small JSON file."""

import logging
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from edge_asr.commands import MODES, MOST_GAIN, SENTENCES_BYTES
from edge_asr.config import CommandsMode
from edge_asr.controls import ControlValues
from edge_asr.sensitivity import LEAST, MOST
from edge_asr.whole_file import replace_whole

log = logging.getLogger(__name__)

_LIMIT_BYTES = 262_144  # twice the longest sentences and some
Gain = Annotated[int, Meta(ge=0, le=MOST_GAIN)]
BundleName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
Sensitivity = Annotated[int, Meta(ge=LEAST, le=MOST)]


class _Kept(Struct, frozen=True, forbid_unknown_fields=True):
    mute: bool
    sensitivity: Sensitivity
    configured_sensitivity: Sensitivity  # as it stood then: who changes the configuration since has the last word
    gain: Gain | None = None
    model: BundleName | None = None
    configured_model: str = ""
    hotwords: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=1000)] = ()
    mode: CommandsMode | None = None
    configured_mode: str = ""
    sentences: Annotated[str, Meta(max_length=SENTENCES_BYTES)] = ""
    configured_sentences: str = ""


class ControlFile:
    """The file at `path`; it need not exist, nor its folder. One thread. It raises nothing: faults are one warning.

    sentences: where those of the configuration lie, empty where there are none, or none may take their place.
    """

    def __init__(self, path: Path, configured: ControlValues, sentences: str = "") -> None:
        self._path = path
        self._sentences = sentences
        self.configured = configured
        self._saved: ControlValues | None = configured  # None: not known
        self._failing = False

    def load(self) -> ControlValues:
        """What was kept, else what is configured."""
        try:
            with self._path.open("rb") as file:
                kept = msgspec.json.decode(file.read(_LIMIT_BYTES), type=_Kept)
        except FileNotFoundError:
            return self.configured
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            log.warning("cannot read %s (%s): mute and the other controls begin as configured", self._path, reason)
            self._saved = None
            return self.configured
        configured = self.configured
        same_gate = kept.configured_sensitivity == configured.sensitivity
        same_model = kept.configured_model == configured.model and kept.model is not None
        same_mode = kept.configured_mode == configured.mode and kept.mode is not None
        same_sentences = kept.configured_sentences == self._sentences != ""
        unchanged = same_gate and (same_model or not configured.model) and (same_mode or not configured.mode)
        unchanged = unchanged and (same_sentences or not kept.sentences)
        values = ControlValues(
            kept.mute,
            kept.sensitivity if same_gate else configured.sensitivity,
            kept.gain,
            kept.model if same_model and kept.model is not None else configured.model,
            kept.hotwords if same_model else (),
            mode=kept.mode if same_mode and kept.mode is not None else configured.mode,
            sentences=kept.sentences if same_sentences else "",
        )
        if values != configured:
            log.info("as last said: %s", _in_words(values))
        self._saved = values if unchanged else None
        return values

    def save(self, values: ControlValues) -> bool:
        """Replace the file whole, and on the disk, when `values` is not what it holds; False when it still is not."""
        if values == self._saved:
            return True
        kept = _Kept(
            values.mute,
            values.sensitivity,
            self.configured.sensitivity,
            values.gain,
            values.model or None,
            self.configured.model,
            values.hotwords,
            _mode(values.mode),
            self.configured.mode,
            values.sentences,
            self._sentences,
        )
        try:
            replace_whole(self._path, msgspec.json.encode(kept) + b"\n")
        except OSError as error:
            if not self._failing:
                self._failing = True
                log.warning(
                    "cannot keep mute and the other controls across restarts: %s cannot be written (%s); make its "
                    "folder writable for this user, or set XDG_STATE_HOME",
                    self._path,
                    error.strerror or error,
                )
            return False
        self._saved, self._failing = values, False
        return True


def _mode(name: str) -> CommandsMode | None:
    return next((mode for mode in MODES if mode == name), None)


def _in_words(values: ControlValues) -> str:
    words = [f"mute {'on' if values.mute else 'off'}", f"sensitivity {values.sensitivity}"]
    words += [f"gain {values.gain} %"] if values.gain is not None else []
    words += [f"model {values.model}"] if values.model else []
    words += [f"mode {values.mode}"] if values.mode else []
    words += ["sentences of its own"] if values.sentences else []
    return ", ".join([*words, *([f"{len(values.hotwords)} phrases"] if values.hotwords else [])])
