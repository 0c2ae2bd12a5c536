"""Many speak, the last word counts, and every command is accounted for once."""

import signal
import threading

from hypothesis import given
from hypothesis import strategies as st

from edge_asr.commands import CONTROLS, Control, Reply
from edge_asr.controls import Choice, Controls, ControlValues, Due, shown
from edge_asr.metrics import Metrics

CONFIGURED = ControlValues(mute=False, sensitivity=50)


class Room:
    def __init__(self) -> None:
        self.metrics = Metrics()
        self.controls = Controls(CONFIGURED, CONFIGURED, self.metrics)

    def count(self, control: Control, outcome: str) -> float:
        labels = {"control": control, "outcome": outcome}
        return self.metrics.registry.get_sample_value("edge_asr_commands_total", labels) or 0.0

    def total(self) -> float:
        samples = [sample for family in self.metrics.registry.collect() for sample in family.samples]
        return sum(sample.value for sample in samples if sample.name == "edge_asr_commands_total")


def test_a_retained_command_is_refused_whatever_it_says() -> None:
    room = Room()
    room.controls.command("mute", b"ON", retained=True)
    room.controls.command("sensitivity", b"much", retained=True)
    values, commanded, faults = room.controls.take()
    assert (values, commanded) == (CONFIGURED, frozenset())
    assert [fault.split(",")[0] for fault in faults] == [
        "mute/set: a retained message is refused",
        "sensitivity/set: a retained message is refused",
    ]
    assert room.count("mute", "retained") == room.count("sensitivity", "retained") == 1


def test_to_take_a_retained_command_away_is_no_fault() -> None:
    room = Room()
    room.controls.command("mute", b"", retained=True)
    assert room.controls.take() == (CONFIGURED, frozenset(), ())
    assert room.count("mute", "emptied") == 1


def test_of_a_flood_the_last_counts() -> None:
    room = Room()
    for number in range(10_000):
        room.controls.command("sensitivity", str(number % 101).encode(), retained=False)
    values, commanded, faults = room.controls.take()
    assert (values.sensitivity, commanded, faults) == (9999 % 101, frozenset({"sensitivity"}), ())
    assert room.count("sensitivity", "superseded") == 9999
    assert room.count("sensitivity", "taken") == 1
    assert room.controls.take() == (values, frozenset(), ())


def test_of_a_flood_of_nonsense_a_few_are_told() -> None:
    room = Room()
    for _ in range(1000):
        room.controls.command("mute", b"perhaps", retained=False)
    assert len(room.controls.take().faults) == room.count("mute", "malformed") == 4
    assert room.count("mute", "malformed_untold") == 996


def test_signal_and_command_overrule_each_other_in_their_order() -> None:
    room = Room()
    room.controls.command("mute", b"ON", retained=False)
    room.controls.signalled(signal.SIGUSR2)
    assert not room.controls.take().values.mute
    room.controls.signalled(signal.SIGUSR1)
    assert room.controls.take() == (ControlValues(mute=True, sensitivity=50), frozenset(), ())
    room.controls.command("mute", b"OFF", retained=False)
    assert not room.controls.take().values.mute


def test_a_signal_takes_no_lock() -> None:
    room = Room()
    with room.controls._lock:  # as if the signal had come in the middle of `take`
        handled = threading.Thread(target=room.controls.signalled, args=(signal.SIGUSR1,), daemon=True)
        handled.start()
        handled.join(5.0)
        assert not handled.is_alive()
    assert room.controls.take().values.mute


COMMANDS = st.tuples(
    st.sampled_from(CONTROLS),
    st.one_of(st.sampled_from([b"ON", b"OFF", b"0", b"100", b"1e1"]), st.binary(max_size=100)),
    st.booleans(),
)


@given(st.lists(st.one_of(COMMANDS, st.none()), max_size=40))
def test_every_command_is_accounted_for_once(commands: list[tuple[Control, bytes, bool] | None]) -> None:
    room = Room()
    sent = 0
    live: dict[str, set[bytes]] = {control: set() for control in CONTROLS}
    for command in commands:
        if command is None:
            room.controls.take()
            continue
        control, payload, retained = command
        room.controls.command(control, payload, retained=retained)
        sent += 1
        if not retained:
            live[control].add(payload.strip().upper())
    values = room.controls.take().values
    assert room.total() == sent
    assert values.mute is False or b"ON" in live["mute"]
    assert values.sensitivity == 50 or live["sensitivity"] - {b"ON", b"OFF"}
    assert 0 <= values.sensitivity <= 100


CHOICES = (
    Choice("base", "en", False),
    Choice("en", "en", False),
    Choice("mine", "de", True),
    Choice("zh", "zh", False),
)


def chooser(model: str = "en") -> Controls:
    configured = ControlValues(mute=False, sensitivity=50, model="en")
    return Controls(configured, ControlValues(mute=False, sensitivity=50, model=model), Metrics(), CHOICES)


def test_a_language_is_spoken_by_the_model_at_hand_then_the_configured_then_the_first() -> None:
    for model, language, chosen in (
        ("base", "EN", "base"),
        ("zh", "en", "en"),
        ("en", "zh", "zh"),
        ("en", "de", "mine"),
    ):
        controls = chooser(model)
        controls.command("language", language.encode(), retained=False)
        assert controls.take().values.model == chosen


def test_a_model_that_is_not_there_is_refused_with_those_that_are() -> None:
    controls = chooser()
    controls.command("model", b"fr", retained=False)
    values, commanded, [fault] = controls.take()
    assert (values.model, commanded) == ("en", frozenset())
    assert "'fr' is refused, expected one of base, en, mine, zh as plain text" in fault


def test_phrases_are_for_who_can_be_told_them_and_go_with_another_model() -> None:
    controls = chooser()
    controls.command("hotwords", b"HALL", retained=False)
    [fault] = controls.take().faults
    assert "a list for the model 'en' is refused, expected a transducer to be chosen before (mine) and phrases" in fault
    controls.command("hotwords", b"", retained=False)  # none is what it has
    controls.command("model", b"mine", retained=False)
    controls.command("hotwords", b"HALL\nLIVING ROOM :2", retained=False)
    values, commanded, faults = controls.take()
    assert (values.model, values.hotwords, faults) == ("mine", ("HALL", "LIVING ROOM :2"), ())
    assert commanded == {"model", "hotwords"}
    controls.command("language", b"zh", retained=False)
    assert controls.take().values.hotwords == ()


def test_a_press_is_taken_once_and_refused_while_muted() -> None:
    controls = chooser()
    assert controls.take_press() == (False, None)
    controls.command("listen", b"7", retained=False)
    assert controls.take_press() == (True, 7)
    assert not controls.take_press()[0]
    controls.signalled(signal.SIGUSR1)
    controls.command("listen", b"PRESS", retained=False)
    assert not controls.take_press()[0]
    assert controls.take().faults == ("listen/set: it is muted and hears nothing; send OFF to mute/set first",)


def test_what_failed_is_wanted_no_longer_and_newer_words_stay() -> None:
    controls = chooser()
    controls.command("model", b"zh", retained=False)
    controls.command("gain", b"90", retained=False)
    failed = controls.take().values
    controls.command("gain", b"20", retained=False)
    back = ControlValues(mute=True, sensitivity=1, gain=50, model="en")
    controls.give_up(failed, back)
    assert controls.take().values == ControlValues(mute=False, sensitivity=50, gain=20, model="en")


def test_who_wants_to_hear_of_it_is_remembered_and_a_flood_of_them_is_bounded() -> None:
    room = Room()
    for number in range(100):
        room.controls.command("mute", b"maybe" if number else b"ON", retained=False, reply=Reply("r", b"%d" % number))
    due = room.controls.take_due()
    assert due[0] == Due("mute", Reply("r", b"0"))
    assert due[1].fault.startswith("mute/set: 'maybe' is refused")
    assert len(due) == 16
    assert room.controls.take_due() == ()
    labels = {"sink": "mqtt", "reason": "response"}
    assert room.metrics.registry.get_sample_value("edge_asr_events_dropped_total", labels) == 84


def test_every_control_is_shown() -> None:
    values = ControlValues(True, 70, 90, "mine", ("HALL", "KÜCHE"), "de", True, "both")
    assert {control: shown(control, values) for control in CONTROLS} == {
        "mute": "ON", "sensitivity": "70", "gain": "90", "model": "mine", "language": "de", "listen": "ON",
        "hotwords": "HALL\nKÜCHE", "mode": "both",
        "commands": "",
    }  # fmt: skip
    assert shown("gain", CONFIGURED) == "unknown"
