"""How long sentences take from their file to a graph, how big that is, and what memory it takes meanwhile.

Sentences of four to six words that are drawn from two thousand of the lexicon, each on a line of its own; and one
template with three slots that stands for as many. Each is compiled in a process of its own, that has compiled ten
before: libraries are loaded then. Speech plays no part.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.kaldi.grammar_graph import grammar_graph
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.bench.process_usage import usage
from edge_asr.bench.table import Cell, table
from edge_asr.errors import EdgeAsrError
from edge_asr.sentences.compiled import compile_files

VALUES = {10: (5, 2, 1), 1000: (10, 10, 10), 100_000: (50, 50, 40)}  # of the template's three slots
_WORDS = 2000
_BYTES_OF_STATE, _BYTES_OF_ARC = 20, 16  # of a const FST of OpenFst
_DEADLINE_S = 1800.0


@dataclass(frozen=True, slots=True)
class CompileCost:
    """`read_s`: files to the acceptor, `graph_s`: from there to the graph; CPU seconds of both together.

    `more_mib` is how far memory rose above what the process held with libraries and lexicon, at its peak.
    """

    kind: str
    sentences: int
    read_s: float
    graph_s: float
    cpu_s: float
    states: int
    arcs: int
    more_mib: float


def measure(folder: Path, bundle: str) -> list[CompileCost]:
    """All kinds and counts, each in a process of its own. Raises EdgeAsrError."""
    found = []
    for kind in ("list", "template"):
        for count in VALUES:
            command = [sys.executable, "-m", "edge_asr.bench.commands_compile", str(folder), bundle, kind, str(count)]
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, timeout=_DEADLINE_S, check=True)
            except subprocess.SubprocessError as error:
                raise EdgeAsrError(f"compiling {count} sentences failed: {error}; what it wrote says why") from None
            found.append(CompileCost(**json.loads(done.stdout)))
    return found


def compile_text(costs: Sequence[CompileCost]) -> str:
    """For a person."""
    rows: list[list[Cell]] = [
        [
            f"{one.sentences} as a {one.kind}",
            one.read_s,
            one.graph_s,
            one.cpu_s,
            str(one.states),
            str(one.arcs),
            f"{graph_bytes(one) / 1024:.0f}",
            f"{one.more_mib:.0f}",
        ]
        for one in costs
    ]
    headings = ["sentences", "read s", "graph s", "CPU s", "states", "arcs", "graph KiB", "peak MiB more"]
    return table(headings, rows, 3)


def graph_bytes(cost: CompileCost) -> int:
    """Memory that the graph takes."""
    return cost.states * _BYTES_OF_STATE + cost.arcs * _BYTES_OF_ARC


def sentences(lexicon: Lexicon, kind: str, count: int) -> str:
    """A plain list of so many, or a YAML file of one template that stands for so many; always the same."""
    rng = np.random.default_rng(count)
    words = [lexicon.word(number) for number in rng.choice(len(lexicon), _WORDS, replace=False).tolist()]
    if kind == "list":
        lengths = rng.integers(4, 7, count).tolist()
        return "\n".join(" ".join(words[at] for at in rng.integers(0, _WORDS, length).tolist()) for length in lengths)
    lists = [
        {"values": [f"{words[one]} {words[other]}" for one, other in rng.integers(0, _WORDS, (values, 2)).tolist()]}
        for values in VALUES[count]
    ]
    template = f"{words[0]} the {{l0}} in the {{l1}} to {{l2}}"
    document = {"intents": {"turn": [template]}, "lists": {f"l{at}": one for at, one in enumerate(lists)}}
    return json.dumps(document)  # JSON is YAML


def _measured(folder: Path, bundle: str, kind: str, count: int) -> CompileCost:
    loaded = load_bundle(folder, bundle)
    lexicon = load_lexicon(loaded)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / ("list.txt" if kind == "list" else "template.yaml")
        first = Path(scratch) / "first.txt"
        path.write_text(sentences(lexicon, kind, count), "utf-8")
        first.write_text(sentences(lexicon, "list", 10), "utf-8")
        language = loaded.manifest.language
        grammar_graph(compile_files([first], lexicon, language).grammar, lexicon)
        before_mib = usage(os.getpid()).resident_mib
        begun_s, cpu_s = time.perf_counter(), time.process_time()
        compiled = compile_files([path], lexicon, language)
        read_s = time.perf_counter()
        graph = grammar_graph(compiled.grammar, lexicon)
        done_s, cpu_s = time.perf_counter(), time.process_time() - cpu_s
        more_mib = usage(os.getpid()).peak_mib - before_mib
    times = (read_s - begun_s, done_s - read_s, cpu_s)
    return CompileCost(kind, compiled.expansions, *times, graph.states, graph.arcs, max(0.0, more_mib))


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))))
