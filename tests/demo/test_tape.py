from pathlib import Path
from subprocess import Popen
from typing import cast

from edge_asr.demo.tape import Tape
from tests.fakes import HandClock
from tests.sample_events import final, partial, speech_ended, speech_started


class Player:
    """Plays until it is told to end."""

    def __init__(self) -> None:
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code


class Deck:
    """A tape, its clock, and the players that it started."""

    def __init__(self, *names: str, once: bool = True) -> None:
        self.clock = HandClock()
        self.played: list[str] = []
        self.player = Player()
        self.tape = Tape([Path(name) for name in names], self._play, self.clock, once=once)

    def _play(self, path: Path) -> "Popen[bytes]":
        self.played.append(path.name)
        self.player = Player()
        return cast("Popen[bytes]", self.player)

    def pass_s(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.clock.advance_s(0.1)
            self.tape.advance()

    def done(self) -> bool:
        return self.tape.done

    def end_player(self, code: int = 0) -> None:
        self.player.code = code
        self.pass_s(0.1)


def test_the_next_one_waits_for_the_answer_and_a_pause() -> None:
    deck = Deck("a", "b")
    deck.pass_s(5)
    assert deck.played == ["a"]
    deck.tape.hear(speech_started())
    deck.end_player()
    deck.pass_s(3)
    assert deck.played == ["a"]
    deck.tape.hear(final("hello"))
    deck.tape.hear(speech_ended(1))
    deck.pass_s(0.3)
    assert deck.played == ["a", "b"]


def test_a_quick_answer_still_leaves_a_pause() -> None:
    deck = Deck("a", "b")
    deck.pass_s(0.1)
    deck.tape.hear(final("hello"))
    deck.end_player()
    deck.pass_s(0.8)
    assert deck.played == ["a"]
    deck.pass_s(0.5)
    assert deck.played == ["a", "b"]


def test_an_open_segment_is_waited_for_even_when_another_has_its_final() -> None:
    deck = Deck("a")
    deck.pass_s(0.1)
    deck.tape.hear(final("first half", "s-1"))
    deck.tape.hear(partial("second", "s-2"))
    deck.end_player()
    deck.pass_s(5)
    assert not deck.done()
    deck.tape.hear(final("second half", "s-2"))
    deck.pass_s(0.2)
    assert deck.done()
    assert deck.tape.unanswered == []


def test_a_noise_without_words_closes_its_segment() -> None:
    deck = Deck("a")
    deck.pass_s(0.1)
    deck.tape.hear(final("hello", "s-1"))
    deck.tape.hear(speech_started("s-2"))
    deck.tape.hear(speech_ended(0, "s-2"))
    deck.end_player()
    deck.pass_s(1.2)
    assert deck.done()


def test_no_answer_is_told_and_does_not_hold_up_the_rest() -> None:
    deck = Deck("a", "b")
    deck.pass_s(0.1)
    deck.end_player()
    deck.pass_s(16)
    assert deck.played == ["a", "b"]
    assert deck.tape.unanswered == [Path("a")]
    deck.tape.hear(final("hello"))
    deck.end_player()
    deck.pass_s(1.2)
    assert deck.done()
    assert deck.tape.unanswered == [Path("a")]


def test_an_empty_final_is_no_answer() -> None:
    deck = Deck("a")
    deck.pass_s(0.1)
    deck.tape.hear(final(""))
    deck.end_player()
    deck.pass_s(16)
    assert deck.tape.unanswered == [Path("a")]


def test_without_once_it_begins_again_after_a_longer_pause() -> None:
    deck = Deck("a", once=False)
    deck.pass_s(0.1)
    deck.tape.hear(final("hello"))
    deck.end_player()
    deck.pass_s(10)
    assert deck.played == ["a"]
    assert not deck.done()
    deck.pass_s(15)
    assert deck.played == ["a", "a"]


def test_a_file_that_cannot_be_played_ends_it() -> None:
    deck = Deck("a", "b", once=False)
    deck.pass_s(0.1)
    deck.end_player(1)
    assert deck.done()
    assert deck.tape.refused == Path("a")
