"""A child that listens as peers do, and says something of every block: `python -m tests.bench.loud_listener SOURCE`."""

import sys

from edge_asr.bench.listener_loop import NewStream, listen
from edge_asr.bench.peer_stream import PeerStream


class Loud(PeerStream):
    def take(self, block: bytes) -> None:
        self.say("final", "1", self.taken_s, has_text=any(block), decided_ms=0.0)

    def close(self) -> None:
        self.say("final", "2", 0.0, has_text=False)


def load() -> NewStream:
    if sys.argv[1] == "faulty":
        raise ValueError("there is no model 'xx'")
    print("a library prints what it likes", flush=True)
    return lambda answer: Loud(answer, 320)


if __name__ == "__main__":
    listen(sys.argv[1], load)
