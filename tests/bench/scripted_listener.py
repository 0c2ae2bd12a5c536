"""A child that answers as a peer at the microphone does: `python -m tests.bench.scripted_listener MOOD`."""

import json
import sys


def answer(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def main(mood: str) -> None:
    if mood == "faulty":
        answer(fault="moonshine-voice has no model here")
        return
    answer(ready=True)
    for line in sys.stdin:
        if mood == "dying":
            raise SystemExit(3)
        if line.strip() == "listen":
            answer(listening=True)
            for kind in ("open", "text", "final"):
                answer(kind=kind, at_ns=5, segment="1", began_ns=3, has_text=kind != "open")
        else:
            answer(kind="final", at_ns=9, segment="2", began_ns=8, has_text=True)  # too late to be heard
            answer(resting=True)


if __name__ == "__main__":
    main(sys.argv[1])
