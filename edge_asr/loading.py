"""Loads what hears as the configuration and the controls want it: recognizers, second pass, sentences, pipeline."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.families import as_judge, load_offline, load_streaming, longest_utterance_s
from edge_asr.asr.judge import Judge
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.recognizer import Recognizer
from edge_asr.brains import Brains
from edge_asr.clock import Clock
from edge_asr.config import Config
from edge_asr.controls import Choice, ControlValues
from edge_asr.detector import build_vad
from edge_asr.endpoint_rules import endpoint_rules
from edge_asr.errors import ConfigError, ModelError, SentencesError
from edge_asr.heap import give_back, share_one_heap
from edge_asr.hearing import Hearing, heard_with, hearing_of
from edge_asr.house_names import HouseNames
from edge_asr.listening_for import (
    Understood,
    listening_for,
    understand,
    wants_commands,
    wants_open_speech,
    with_other_sentences,
)
from edge_asr.memory_need import fitting
from edge_asr.metrics import Metrics
from edge_asr.model_choice import hearing_with
from edge_asr.names import Names
from edge_asr.pipeline import Pipeline
from edge_asr.second_pass import SecondPass
from edge_asr.second_pass_choice import second_pass_bundle, wanted_bundle
from edge_asr.second_pass_worker import SecondPassWorker
from edge_asr.settings import model_folder

log = logging.getLogger(__name__)

_SPARE_S = 1.0  # an utterance ends with the block that makes it too long, not before


def load_recognizer(config: Config, understood: Understood | None = None) -> Recognizer[Any]:
    """Recognizer of the configured bundle; raises ModelError, and ConfigError for what it cannot do.

    understood: what its sentences say, None: they are read first.
    """
    share_one_heap()
    bundle = load_bundle(model_folder(config), config.models.bundle)
    longest_s, wanted_s = longest_utterance_s(bundle.manifest), endpoint_rules(config.endpoint).max_utterance_s
    if longest_s is not None and wanted_s > longest_s - _SPARE_S:
        raise ConfigError(
            f"endpoint.max_utterance_s = {wanted_s:g}: the model {config.models.bundle!r} hears utterances of at most "
            f"{longest_s - _SPARE_S:g} s; lower it, or choose another models.bundle"
        )
    grammar = (understand(config.commands, bundle) if understood is None else understood).grammar
    with fitting(config, bundle):
        open_speech = wants_open_speech(config.commands) or grammar is None
        recognizer = load_streaming(bundle, config.recognizer, open_speech=open_speech)
    if grammar is not None:
        recognizer = listening_for(config.commands, recognizer, grammar)
    give_back()
    return recognizer


def load_both(
    config: Config,
    sentences: str,
    clock: Clock,
    metrics: Metrics,
    names: HouseNames | None = None,
    present: Brains | None = None,
) -> Brains:
    """Both passes of the configuration, for sentences that were told in the place of its own, if any.

    names: those of the house, for the lists in them. present: what listens now with the same model, which is shared as
    far as it can be. Raises ModelError and ConfigError.
    """
    if config.commands.sentences is None:
        return Brains(load_recognizer(config), build_rewriter(config, clock, metrics))
    understood = understand(config.commands, load_bundle(model_folder(config), config.models.bundle), sentences, names)
    if present is not None:
        same = with_other_sentences(config.commands, present.recognizer, understood.grammar)
        if same is not None:
            give_back()
            goes_on = present.second_pass if wants_open_speech(config.commands) else None
            own = present.second_pass is None  # a second pass that ends takes its model with it
            return Brains(advised(config, same, goes_on, keeps=own), goes_on, understood.report)
    recognizer = load_recognizer(config, understood)
    rewriter = build_rewriter(config, clock, metrics)
    return Brains(advised(config, recognizer, rewriter), rewriter, understood.report)


def advised(
    config: Config,
    recognizer: Recognizer[Any],
    rewriter: SecondPassWorker | SecondPass | None,
    *,
    keeps: bool = False,
) -> Recognizer[Any]:
    """The recognizer, with whoever decides where two sentences sound alike: what rewrites, or a model for that alone.

    keeps: a model for that alone which it has is still good. Raises ModelError, and ConfigError where one is asked for
    that is not there.
    """
    wanted = config.commands.second_opinion
    if not isinstance(recognizer, KaldiRecognizer):
        return recognizer
    if not (wanted and wants_commands(config.commands)):
        return recognizer.advised_by(None)
    if rewriter is not None:
        return recognizer.advised_by(as_judge(rewriter.rescorer))
    judge = recognizer.judge if keeps and recognizer.judge is not None else own_judge(config)
    return recognizer.advised_by(judge)


def own_judge(config: Config) -> Judge | None:
    """A model that does nothing but decide where two sentences sound alike, where one is asked for.

    Raises ModelError, and ConfigError where it is not there.
    """
    if config.commands.second_opinion is not True:
        return None
    first = load_bundle(model_folder(config), config.models.bundle).manifest
    bundle = wanted_bundle(config, first, "commands.second_opinion = false")
    with fitting(config, bundle):
        return as_judge(load_offline(bundle, config.second_pass.threads))


def daemons_judge(config: Config) -> Judge | None:
    """Whom the daemon would ask about a sentence, for programs that hear sentences alone.

    Raises ModelError, and ConfigError where one is asked for that is not there.
    """
    if config.commands.second_opinion is False:
        return None
    second_pass = available_second_pass(config)
    return own_judge(config) if second_pass is None else as_judge(second_pass.rescorer)


def build_pipeline(config: Config, recognizer: Recognizer[Any]) -> Pipeline[Any]:
    """A fresh pipeline: the one that daemon, `transcribe` and bench share."""
    vad = build_vad(config, recognizer.sample_rate_hz)
    return Pipeline(config.gate, config.endpoint, vad, recognizer, config.commands.wake_for_s)


def load_second_pass(config: Config) -> SecondPass | None:
    """Second pass as the configuration wants it, None when there is to be none. Raises ModelError and ConfigError.

    Commands are not rewritten: where nothing else is heard there is none.
    """
    if not wants_open_speech(config.commands):
        return None
    first = load_bundle(model_folder(config), config.models.bundle).manifest
    bundle = second_pass_bundle(config, first)
    if bundle is None:
        return None
    with fitting(config, bundle):
        return SecondPass(load_offline(bundle, config.second_pass.threads), config.second_pass.context_s)


def available_second_pass(config: Config) -> SecondPass | None:
    """The same for who can do without: under "auto" a bundle that cannot be loaded is one warning, no ModelError."""
    try:
        second_pass = load_second_pass(config)
    except ModelError as error:
        if config.second_pass.enabled != "auto":
            raise
        log.warning("no second pass, the text of the first stands: %s", error)
        return None
    if second_pass is not None:
        log.info("finals are rewritten by %(model)s", {"model": second_pass.model})
    return second_pass


def configured_values(config: Config) -> ControlValues:
    """The controls as they are while nobody has said anything."""
    mode = "" if config.commands.sentences is None else config.commands.mode
    return ControlValues(mute=False, sensitivity=config.gate.sensitivity, model=config.models.bundle, mode=mode)


def begin_hearing(
    config: Config,
    kept: ControlValues,
    choices: Sequence[Choice],
    clock: Clock,
    metrics: Metrics,
    names: HouseNames | None = None,
) -> tuple[ControlValues, Brains]:
    """What was last chosen to listen with, or what is configured where that cannot be loaded any more.

    Returns the controls as they then are, and what hears. Raises ModelError and ConfigError.
    """
    hearing, as_configured = hearing_of(kept), hearing_of(configured_values(config))
    if hearing != as_configured:
        try:
            load = partial(load_brains, config, choices, None, clock, metrics, hearing, names)
            return kept, despite_names(load, names)
        except (ModelError, ConfigError) as error:
            log.warning("%r was chosen last and cannot be listened with: %s", kept.model, error)
    configured = heard_with(kept, as_configured)
    return configured, despite_names(partial(load_both, config, "", clock, metrics, names), names)


def despite_names(load: Callable[[], Brains], names: HouseNames | None) -> Brains:
    """What `load` makes, without the names of the house where they are what it fails by. Raises what it raises."""
    try:
        return load()
    except SentencesError as error:
        if names is None or names.current == Names():
            raise
        told = names.current
        names.forget()
        try:
            brains = load()
        except (ModelError, ConfigError):
            names.current = told
            raise error from None
        log.warning("beginning without the names of the house: %s", error)
        return brains


def load_brains(
    config: Config,
    choices: Sequence[Choice],
    rate_hz: int | None,
    clock: Clock,
    metrics: Metrics,
    hearing: Hearing,
    names: HouseNames | None = None,
    present: Callable[[], tuple[Hearing, Brains]] | None = None,
) -> Brains:
    """What hears, loaded in whatever thread this is called in; raises ModelError and ConfigError.

    rate_hz: what it has to hear, None for whatever it does. present: what listens now, and with what; for the same
    model only the sentences are made anew.
    """
    in_force, brains = (None, None) if present is None else present()
    same = in_force is not None and in_force[:2] == hearing[:2]
    with hearing_with(config, hearing, choices) as chosen:
        bundle = load_bundle(model_folder(chosen), hearing.model)
        if rate_hz not in (None, bundle.manifest.sample_rate_hz):
            raise ConfigError(
                f"it hears {bundle.manifest.sample_rate_hz} Hz, what listens now {rate_hz} Hz: set "
                f"models.bundle = {hearing.model!r} and restart"
            )
        return load_both(chosen, hearing.sentences, clock, metrics, names, brains if same else None)


def build_rewriter(config: Config, clock: Clock, metrics: Metrics) -> SecondPassWorker | None:
    """Thread of the second pass, not started; None when there is to be none. Raises ModelError and ConfigError."""
    second_pass, wanted = available_second_pass(config), config.second_pass
    if second_pass is None:
        return None
    return SecondPassWorker(second_pass, wanted.deadline_s, clock, metrics, speculate=wanted.speculate)
