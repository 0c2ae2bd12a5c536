"""What may be wanted of model, language, phrases, mode and sentences together: they are loaded as one."""

from collections.abc import Sequence

from msgspec.structs import replace

from edge_asr.commands import MODES, Control, hotwords_said, name_said, refusal, sentences_said
from edge_asr.control_values import Choice, ControlValues
from edge_asr.errors import CommandError


class HearingWishes:
    """Frozen. `configured` is what holds when nobody has spoken; without a mode in it there are no sentences."""

    def __init__(self, configured: ControlValues, choices: Sequence[Choice], *, takes_sentences: bool) -> None:
        self._configured = configured
        self._choices = choices
        self._takes_sentences = takes_sentences

    def wanted(self, control: Control, payload: bytes, values: ControlValues) -> ControlValues:
        """`values` with what somebody says of `control`; raises CommandError."""
        match control:
            case "model":
                name = name_said(control, payload, tuple(choice.model for choice in self._choices))
                return self._with(control, next(choice for choice in self._choices if choice.model == name), values)
            case "language":
                known = tuple(dict.fromkeys(choice.language for choice in self._choices))
                return self._with(control, self._speaking(name_said(control, payload, known), values), values)
            case "hotwords":
                return replace(values, hotwords=self._phrases(payload, values))
            case "mode":
                return replace(values, mode=self._mode(payload, values))
        return replace(values, sentences=self._sentences(payload, values))

    def may_read_again(self, values: ControlValues) -> None:
        """Raise CommandError where no sentences are listened for."""
        self._need_sentences("commands")
        if not _hears_sentences(values):
            raise CommandError(
                "commands/set: the mode is open, sentences are read when they are listened for; send both or commands "
                "to mode/set"
            )

    def _with(self, control: Control, choice: Choice, values: ControlValues) -> ControlValues:
        """Phrases go with a model that cannot be told any."""
        if _hears_sentences(values) and not choice.sentences:
            able = ", ".join(one.model for one in self._choices if one.sentences) or "none is installed"
            raise CommandError(
                f"{control}/set: {choice.model!r} is refused, it has no pronunciations, which commands need; send open "
                f"to mode/set first, or choose a model that has some ({able})"
            )
        return replace(values, model=choice.model, hotwords=values.hotwords if choice.phrases else ())

    def _speaking(self, language: str, values: ControlValues) -> Choice:
        """The model that is wanted if it speaks that language, else the configured one, else the first that does.

        Where sentences are listened for one that can.
        """
        fit = [choice for choice in self._choices if choice.language == language]
        fit = [choice for choice in fit if choice.sentences or not _hears_sentences(values)] or fit
        preferred = (values.model, self._configured.model)
        return min(fit, key=lambda choice: preferred.index(choice.model) if choice.model in preferred else 2)

    def _phrases(self, payload: bytes, values: ControlValues) -> tuple[str, ...]:
        phrases, model = hotwords_said(payload), values.model
        if phrases and not any(choice.phrases for choice in self._choices if choice.model == model):
            able = ", ".join(choice.model for choice in self._choices if choice.phrases) or "none is installed"
            raise refusal(
                "hotwords", f"a list for the model {model!r}", f"a transducer to be chosen before ({able}) and phrases"
            )
        return phrases

    def _mode(self, payload: bytes, values: ControlValues) -> str:
        self._need_sentences("mode")
        mode = name_said("mode", payload, MODES)
        if mode != "open":
            self._need_pronunciations("mode", repr(mode), values)
        return mode

    def _sentences(self, payload: bytes, values: ControlValues) -> str:
        self._need_sentences("commands")
        if not self._takes_sentences:
            raise CommandError(
                "commands/set: it is refused, commands.from_mqtt = false: the sentences are those of the "
                "configuration; change their file, or set it to true and restart"
            )
        text = sentences_said(payload)
        if text:
            self._need_pronunciations("commands", "sentences", values)
        return text

    def _need_sentences(self, control: Control) -> None:
        if not self._configured.mode:
            raise CommandError(
                f"{control}/set: it is refused, there are no sentences to listen for: set commands.sentences to a file "
                "of them in the configuration, and restart"
            )

    def _need_pronunciations(self, control: Control, wanted: str, values: ControlValues) -> None:
        model = values.model
        if any(choice.model == model and not choice.sentences for choice in self._choices):
            able = ", ".join(choice.model for choice in self._choices if choice.sentences) or "none is installed"
            raise refusal(
                control,
                f"{wanted} with the model {model!r}, which has no pronunciations,",
                f"a model that has some to be chosen before ({able}), and {wanted}",
            )


def _hears_sentences(values: ControlValues) -> bool:
    return values.mode not in {"", "open"}
