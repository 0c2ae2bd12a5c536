"""What the port says of itself when it is asked: one program, and the model that listens now."""

import re

from wyoming.info import AsrModel, AsrProgram, Attribution, Info

from edge_asr.asr.manifest import Manifest
from edge_asr.errors import ModelError
from edge_asr.guests.house import Spoken
from edge_asr.wyoming.reach import WyomingReach


class Card:
    """One thread. The manifest is read anew only when another model listens."""

    def __init__(self, reach: WyomingReach) -> None:
        self._reach = reach
        self._of: tuple[Spoken, AsrModel] | None = None

    def info(self) -> Info:
        """The answer to `describe`."""
        program = AsrProgram(
            name=self._reach.device_name,  # what Home Assistant calls it
            description="Streaming speech recognition that lives in the house",
            attribution=Attribution("edge_asr", ""),
            installed=True,
            version=self._reach.version,
            models=[self._model()],
            supports_transcript_streaming=True,
            requires_external_vad=True,  # the transcript comes when the client has said that all was sent
        )
        return Info(asr=[program])

    def _model(self) -> AsrModel:
        spoken = self._reach.guests.spoken()
        if self._of is None or self._of[0] != spoken:
            self._of = spoken, self._described(spoken)
        return self._of[1]

    def _described(self, spoken: Spoken) -> AsrModel:
        try:
            manifest: Manifest | None = self._reach.manifest(spoken.model)
        except ModelError:  # it was taken away since it was loaded
            manifest = None
        return AsrModel(
            name=spoken.model,
            description=f"{manifest.description}; licence: {manifest.licence}" if manifest else None,
            attribution=Attribution(manifest.source if manifest else "unknown", ""),
            installed=True,
            version=manifest.version if manifest else None,
            languages=[spelled(spoken.language)],
        )


def spelled(language: str) -> str:
    """A tag in the case that is usual (BCP 47), by which Home Assistant looks it up: en-us is en-US."""
    first, *more = re.split(r"[-_]", language)
    cased = {2: str.upper, 4: str.title}
    return "-".join([first.lower(), *(cased.get(len(part), str.lower)(part) for part in more)])
