"""Whether a subscriber heard what was produced: all of it, once in words, in order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_asr.events import FinalEvent, decode
from tests.chaos.life import Life

_NS_PER_S = 1_000_000_000
# A final is in the file, or acknowledged, so soon after it was said: 0.25 s of patience with a broker that answers
# slowly, and a busy machine's share. What was said in the last moment before a SIGKILL has had no time to be produced.
LAST_MOMENT_S = 1.0


@dataclass
class Span:
    """A time in which the disk took nothing, and what follows until it is tried again."""

    begin_ns: int
    end_ns: int

    def touches(self, begin_ns: int, end_ns: int) -> bool:
        return begin_ns <= self.end_ns and end_ns >= self.begin_ns


@dataclass
class Verdict:
    """Counts, and every breach of the promise in one line each."""

    said: int = 0
    written: int = 0  # of them found in a file after the end of a process
    produced: int = 0  # said, but for the last moment before a SIGKILL, and for what no disk would take
    heard: int = 0  # different finals
    arrived: int = 0  # with those that came again
    last_moment: int = 0
    last_moment_worst_s: float = 0.0
    without_disk: int = 0
    breaches: list[str] = field(default_factory=list)


def judge(lives: Sequence[Life], arrived: Sequence[bytes], no_disk: Sequence[Span]) -> Verdict:
    """Compare what the lives said and left with what arrived, in order of arrival."""
    verdict = Verdict(arrived=len(arrived))
    heard: dict[str, bytes] = {}
    newest: dict[str, int] = {}
    for payload in arrived:
        event = decode(payload)
        assert isinstance(event, FinalEvent)
        if event.segment_id in heard:
            if heard[event.segment_id] != payload:
                verdict.breaches.append(f"{event.segment_id} came with two texts")
            continue
        heard[event.segment_id] = payload
        number = int(event.segment_id.rpartition("-")[2])
        if number <= newest.get(event.stream_id, 0):
            verdict.breaches.append(f"{event.segment_id} came after {event.stream_id}-{newest[event.stream_id]}")
        newest[event.stream_id] = number
    verdict.heard = len(heard)
    bodies = set(heard.values())
    written = {row for life in lives for row in life.rows}
    verdict.written = len(written)
    verdict.breaches += [f"in a file, never heard: {_segment(payload)}" for payload in written - bodies]
    for life in lives:
        _judge_life(life, bodies, written, no_disk, verdict)
    said = {said.payload for life in lives for said in life.said}
    # a SIGKILL may come between the two sinks, and the one behind does not tell us then
    if len(bodies - said) > sum(life.ended_by == "killed" for life in lives):
        verdict.breaches.append(f"{len(bodies - said)} were heard that nobody said")
    return verdict


def _judge_life(life: Life, heard: set[bytes], written: set[bytes], no_disk: Sequence[Span], verdict: Verdict) -> None:
    verdict.said += len(life.said)
    twice = [segment for segment, count in Counter(said.segment_id for said in life.said).items() if count > 1]
    verdict.breaches += [f"said twice: {segment}" for segment in twice]
    for said in life.said:
        if said.payload in heard or said.payload in written:
            verdict.produced += 1
            continue
        left_s = (life.ended_ns - said.read_ns) / _NS_PER_S
        if any(span.touches(said.read_ns, life.ended_ns) for span in no_disk):
            verdict.without_disk += 1
        elif life.ended_by == "killed" and left_s < LAST_MOMENT_S:
            verdict.last_moment += 1
            verdict.last_moment_worst_s = max(verdict.last_moment_worst_s, left_s)
        else:
            verdict.produced += 1
            verdict.breaches.append(
                f"said {left_s:.2f} s before the daemon was {life.ended_by}, lost: {said.segment_id}"
            )


def _segment(payload: bytes) -> str:
    return decode(payload).segment_id


def report(faults: Counter[str], verdict: Verdict) -> str:
    """The counts, for a person."""
    kinds = ", ".join(f"{count} x {kind}" for kind, count in faults.most_common())
    lines = [
        f"{faults.total()} faults: {kinds}",
        f"said {verdict.said} finals, of them produced {verdict.produced}; heard {verdict.heard} different ones",
        f"heard again {verdict.arrived - verdict.heard} times; {verdict.written} were in a file when a process ended",
        f"not produced: {verdict.last_moment} of the last {verdict.last_moment_worst_s:.2f} s before a SIGKILL",
        f"not produced: {verdict.without_disk} of a process that ended while the disk took nothing",
        f"{len(verdict.breaches)} breaches of the promise",
        *verdict.breaches[:20],
    ]
    return "\n".join(lines)
