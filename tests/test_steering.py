"""Each wish reaches ears, brain or models once, and is answered with what has come of it."""

import json
from pathlib import Path

import msgspec
from msgspec.structs import replace

from edge_asr.answers import Answers
from edge_asr.audio.gain import GainNews
from edge_asr.commands import Control, Reply
from edge_asr.control_file import ControlFile
from edge_asr.controls import Choice, Controls, ControlValues, shown
from edge_asr.events import ErrorEvent, SentencesReport
from edge_asr.hearing import Hearing, hearing_of
from edge_asr.metrics import Metrics
from edge_asr.steering import Steering
from tests import sample_events
from tests.fakes import HandClock, ListSink, StillModels

CONFIGURED = ControlValues(mute=False, sensitivity=50, model="en")
CHOICES = (Choice("en", "en", False, True), Choice("mine", "de", True))


class Room:
    """Steering by hand; it is ears and brain at once."""

    def __init__(self, folder: Path, kept: ControlValues = CONFIGURED, configured: ControlValues = CONFIGURED) -> None:
        self.did: list[str] = []
        self.hears, self.listening_now = True, False
        self.news = GainNews(100, True, "")
        self.sink, self.models = ListSink(), StillModels()
        self.models.in_force, self.models.language = hearing_of(kept), "en"
        self.file = ControlFile(folder / "controls.json", configured, "a.txt")
        self.controls = Controls(configured, kept, Metrics(), CHOICES)
        self.answers = Answers([self.sink], self.file, sample_events.error, HandClock(), "k1")
        self.steering = Steering(self, self, self.models, self.controls, self.answers)
        self.steering.apply()

    def pause(self) -> None:
        self.did.append("pause")

    def resume(self) -> None:
        self.did.append("resume")

    def set_gain(self, percent: int | None) -> None:
        self.did.append(f"gain {percent}")
        self.news = GainNews(self.news.percent, False, "")

    def gain_news(self) -> GainNews:
        news, self.news = self.news, self.news._replace(fault="")
        return news

    def mute(self, *, on: bool) -> None:
        self.did.append(f"mute {on}")

    def set_sensitivity(self, sensitivity: int) -> None:
        self.did.append(f"sensitivity {sensitivity}")

    def listen_now(self, seconds: float) -> None:
        self.did.append(f"listen {seconds}")

    def say(self, control: Control, payload: str) -> None:
        reply = Reply("answers", control.encode())
        self.controls.command(control, payload.encode(), retained=False, reply=reply)
        self.steering.apply()

    def responses(self) -> list[tuple[str, bool, str]]:
        found = [(each.control, each.accepted, each.value) for each, _ in self.sink.responses]
        assert [reply.correlation for _, reply in self.sink.responses] == [control.encode() for control, *_ in found]
        return found

    def faults(self) -> list[str]:
        return [event.message for event in self.sink.events if isinstance(event, ErrorEvent)]

    def kept(self) -> ControlValues:
        self.steering.finish()
        return ControlFile(self.file._path, CONFIGURED).load()


def test_what_is_done_at_once_is_answered_at_once(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.say("sensitivity", "70")
    room.say("mute", "perhaps")
    assert room.did == ["sensitivity 70"]
    assert room.responses() == [("sensitivity", True, "70"), ("mute", False, "OFF")]
    [message] = room.faults()
    assert room.sink.responses[1][0].message == message
    assert room.sink.responses[1][0].device_id == "k1"


def test_a_gain_is_answered_with_what_was_read_back(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.say("gain", "60")
    assert room.did == ["gain 60"]
    room.steering.apply()
    assert room.responses() == []
    room.news = GainNews(58, True, "")
    room.steering.apply()
    assert room.responses() == [("gain", True, "58")]
    assert room.sink.answers[-1].gain == 58
    assert room.kept().gain == 60
    assert room.did == ["gain 60"]


def test_a_gain_that_somebody_else_has_changed_meanwhile_is_set_again(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.say("gain", "60")
    room.news = GainNews(60, True, "")
    room.steering.apply()
    room.news = GainNews(30, True, "")  # another program
    room.steering.apply()
    room.say("sensitivity", "70")
    assert room.did == ["gain 60", "sensitivity 70"]
    room.say("gain", "60")
    assert room.did[2:] == ["gain 60"]
    room.news = GainNews(60, True, "")
    room.steering.apply()
    assert room.responses()[-1] == ("gain", True, "60")


def test_a_gain_that_cannot_be_set_is_refused_and_not_kept(tmp_path: Path) -> None:
    room = Room(tmp_path, ControlValues(mute=False, sensitivity=50, gain=80, model="en"))
    assert room.did == ["gain 80"]
    room.news = GainNews(None, True, "there is no sound server")
    room.steering.apply()
    assert room.faults() == ["gain/set: there is no sound server"]
    room.say("gain", "60")
    room.news = GainNews(None, True, "there is no sound server")
    room.steering.apply()
    room.steering.apply()
    assert room.responses() == [("gain", False, "unknown")]
    assert room.did == ["gain 80", "gain 60"]
    assert len(room.faults()) == 2
    assert room.kept().gain == 80  # for the day when there is one again


def test_a_model_is_kept_and_answered_once_it_is_in_force(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.say("language", "de")
    room.say("hotwords", "HALL")
    assert room.models.wanted == [Hearing("mine", ()), Hearing("mine", ("HALL",))]
    assert room.responses() == []
    assert (room.sink.answers[-1].model, room.kept().model) == ("en", "en")
    room.models.in_force, room.models.language, room.models.settled = room.models.wanted[-1], "de", True
    room.steering.apply()
    assert room.responses() == [("language", True, "de"), ("hotwords", True, "HALL")]
    told = room.sink.answers[-1]
    assert (told.model, told.language, told.hotwords) == ("mine", "de", ("HALL",))
    assert (room.kept().model, room.kept().hotwords) == ("mine", ("HALL",))


def test_a_model_that_cannot_be_loaded_is_refused_once_and_wanted_no_longer(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.say("model", "mine")
    room.models.fault = "'mine' cannot be listened with"
    room.steering.apply()
    room.steering.apply()
    assert room.faults() == ["model/set: 'mine' cannot be listened with"]
    assert room.responses() == [("model", False, "en")]
    assert room.models.wanted == [Hearing("mine", ())]
    assert room.kept().model == "en"
    room.say("model", "mine")  # it may be mended by now
    assert len(room.models.wanted) == 2


def test_listen_now_needs_a_microphone_and_its_state_follows(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.say("listen", "PRESS")
    room.say("listen", "5")
    assert room.did == ["listen 10", "listen 5"]
    room.listening_now = True
    room.steering.apply()
    room.listening_now = False
    room.steering.apply()
    assert [answer.listening for answer in room.sink.answers[-2:]] == [True, False]
    room.hears = False
    room.say("listen", "PRESS")
    assert room.faults() == ["listen/set: there is no microphone that delivers; see the state of this device"]
    assert [accepted for _, accepted, _ in room.responses()] == [True, True, False]
    assert len(room.did) == 2


def test_who_mutes_right_after_the_press_is_not_listened_to_and_the_press_is_refused(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.controls.command("listen", b"PRESS", retained=False, reply=Reply("answers", b"listen"))
    room.controls.command("mute", b"ON", retained=False, reply=Reply("answers", b"mute"))
    room.steering.apply()
    assert room.did == ["mute True", "pause"]
    assert room.responses() == [("listen", False, "OFF"), ("mute", True, "ON")]


def test_who_waits_for_a_slow_answer_is_one_of_a_few(tmp_path: Path) -> None:
    room = Room(tmp_path)
    for _ in range(20):
        room.say("gain", "60")
    assert len(room.sink.responses) == 4
    assert all("too many wait" in response.message for response, _ in room.sink.responses)


def test_a_mode_is_one_wish_with_the_model_and_its_fault_has_its_name(tmp_path: Path) -> None:
    configured = replace(CONFIGURED, mode="both")
    room = Room(tmp_path, configured, configured)
    room.say("mode", "commands")
    assert room.models.wanted == [Hearing("en", (), "commands")]
    assert room.responses() == []
    room.models.fault = "that cannot be listened with"
    room.steering.apply()
    assert room.faults() == ["mode/set: that cannot be listened with"]
    assert room.responses() == [("mode", False, "both")]
    assert room.sink.answers[-1].mode == "both"
    room.say("mode", "open")
    room.models.in_force, room.models.settled = Hearing("en", (), "open"), True
    room.steering.apply()
    assert room.responses()[-1] == ("mode", True, "open")
    room.models.fault = "what its files are now cannot be listened with"  # nobody has asked for it
    room.steering.apply()
    assert room.faults()[-1] == "commands: what its files are now cannot be listened with"


BOTH = replace(CONFIGURED, mode="both")
REPORT = SentencesReport(source="told", sentences=2, intents=1, words=5, names=0, left_out=0, sha256="ab")


def test_sentences_are_kept_and_told_of_once_they_are_in_force_but_not_their_words(tmp_path: Path) -> None:
    room = Room(tmp_path, BOTH, BOTH)
    room.say("commands", "lights = turn on the lights\nlights = lights on\n")
    [wanted] = room.models.wanted
    assert (wanted.model, wanted.mode, wanted.sentences.count("\n")) == ("en", "both", 2)
    assert ControlFile(room.file._path, BOTH, "a.txt").load().sentences == ""
    room.models.in_force, room.models.sentences, room.models.settled = wanted, REPORT, True
    room.steering.apply()
    told = room.sink.answers[-1]
    assert "turn on" not in str(told)
    assert json.loads(shown("commands", told)) == json.loads(msgspec.json.encode(REPORT))
    assert room.responses() == [("commands", True, shown("commands", told))]
    room.steering.finish()
    assert ControlFile(room.file._path, BOTH, "a.txt").load().sentences == wanted.sentences


def test_sentences_that_cannot_be_listened_for_are_refused_once_and_not_kept(tmp_path: Path) -> None:
    room = Room(tmp_path, BOTH, BOTH)
    room.say("commands", "turn on the [")
    room.models.fault = "that cannot be listened with, what it was goes on: commands/set:1:13: '[' is never closed"
    room.steering.apply()
    [said] = room.faults()
    assert said.startswith("commands/set: ")
    assert room.responses() == [("commands", False, "")]
    room.steering.finish()
    assert ControlFile(room.file._path, BOTH, "a.txt").load() == BOTH


def test_who_wants_them_read_again_is_answered_when_they_are(tmp_path: Path) -> None:
    room = Room(tmp_path, BOTH, BOTH)
    room.say("commands", "PRESS")
    room.say("commands", "")  # those of the configuration are in force: as they are now
    assert (room.models.agains, room.models.wanted, room.responses()) == (2, [], [])
    room.models.settled = True
    room.steering.apply()
    assert [accepted for _, accepted, _ in room.responses()] == [True, True]
    room.controls.hung_up(1)
    room.steering.apply()
    room.steering.apply()
    assert room.models.agains == 3


def test_to_read_them_again_is_not_forgotten_for_another_wish(tmp_path: Path) -> None:
    room = Room(tmp_path, BOTH, BOTH)
    room.say("mode", "commands")
    room.controls.hung_up(1)
    room.say("mode", "both")  # which is in force, with the files as they were
    assert (len(room.models.wanted), room.models.agains) == (2, 1)


def test_nothing_is_read_where_nothing_is_listened_for(tmp_path: Path) -> None:
    still = replace(BOTH, mode="open")
    room = Room(tmp_path, still, still)
    room.say("commands", "PRESS")
    room.controls.hung_up(1)
    room.steering.apply()
    assert room.models.agains == 0
    assert "send both or commands to mode/set" in room.faults()[0]
