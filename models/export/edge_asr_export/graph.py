"""The decoding graph: Debian's OpenFst tools compose the two halves of a Kaldi lookahead model into one.

Kaldi models for small machines keep HCLr.fst (sounds to words) and Gr.fst (words in a row) apart and compose them
while decoding; composed once, the search is several times cheaper. What was composed is then arranged for it. Input
labels are those of `labels.npz`: Kaldi's transition ids, of which those that sound alike are one.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError
from edge_asr_export.alike_states import merge_alike
from edge_asr_export.child_process import environment_with, run_child
from edge_asr_export.kaldi_text import read_integers, word_numbers
from edge_asr_export.near_states import put_near
from edge_asr_export.pair_shares import mix_pairs
from edge_asr_export.seldom_ways import part_seldom
from edge_asr_export.spoken_runs import add_runs, knows_runs
from edge_asr_export.word_counts import WordCounts

TOOLS = ("fstcompose", "fstconvert", "fstrelabel", "fstsymbols")
TOOLS_PACKAGE, PLUGINS_PACKAGE = "libfst-tools", "libfst22-plugins-base"
PLUGINS = ("olabel_lookahead-fst.so", "ngram-fst.so")  # the kinds of the two halves
LIBRARIES = Path("/usr/lib")


@dataclass(frozen=True, slots=True)
class Growth:
    """What a model's grammar gets beside its own: spoken numbers and letters, where `language` has them; counted pairs.

    counts: the lists of words and of pairs of words (`word_counts`).
    """

    language: str
    counts: tuple[Path, Path] | None = None


def check_tools(libraries: Path = LIBRARIES) -> dict[str, str]:
    """Environment for the tools. ModelError names the Debian packages when tools or plugins are missing."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    folders = sorted({path.parent for path in libraries.glob(f"*/fst/*/{PLUGINS[0]}")})
    lacking = [name for name in PLUGINS if not any((folder / name).exists() for folder in folders)]
    if missing or lacking:
        raise ModelError(
            f"composing the graph needs {', '.join([*missing, *lacking])}; "
            f"run: sudo apt install {TOOLS_PACKAGE} {PLUGINS_PACKAGE}"
        )
    # Folders of other architectures may be among them: the loader passes over what is not its own.
    path = os.pathsep.join([*map(str, folders), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])])
    return environment_with(LD_LIBRARY_PATH=path)


def compose_graph(
    folder: Path,
    graph: Path,
    words: Path,
    work: Path,
    tick: Callable[[], None],
    growth: Growth,
    label_of_transition: NDArray[np.int32],
) -> None:
    """Write `graph` (const FST, labels to words) and `words` (word<TAB>id) of the model's `folder`.

    label_of_transition (transition ids + 1,): the label of each transition id.

    `work` is a folder for temporary files; `tick` is called while the tools run.
    """
    environment = check_tools()
    half, grammar = folder / "HCLr.fst", folder / "Gr.fst"
    clean = work / "grammar.fst"
    composed, relabelled, whole = work / "composed.fst", work / "relabelled.fst", work / "whole.fst"
    parted, merged = work / "parted.fst", work / "merged.fst"
    pairs = work / "relabel.txt"
    relabel = dict.fromkeys(read_integers(folder / "disambig_tid.int"), 0)
    relabel |= {number: int(label) for number, label in enumerate(label_of_transition) if number != label}
    pairs.write_text("".join(f"{old} {new}\n" for old, new in relabel.items()), "utf8")

    def run(*command: str) -> None:
        run_child(command, environment=environment, tick=tick)

    # One after the other, not through pipes: each tool holds the whole graph, and small machines hold only one.
    run("fstsymbols", f"--save_osymbols={words}", str(grammar), "/dev/null")
    if not words.is_file() or not words.stat().st_size:
        raise ModelError(f"{grammar.name} carries no words: its symbol table is missing")
    # Composing with the symbols kept wrote a file that could not be read back.
    run("fstsymbols", "--clear_isymbols", "--clear_osymbols", str(grammar), str(clean))
    grown = _grown(clean, words, growth, run)
    run("fstcompose", str(half), str(grown), str(composed))
    run("fstrelabel", f"--relabel_ipairs={pairs}", str(composed), str(relabelled))
    for done in (composed, grown):  # a small machine's disk too holds little more
        done.unlink()
    run("fstconvert", "--fst_align=true", "--fst_type=const", str(relabelled), str(whole))
    relabelled.unlink()
    part_seldom(whole, parted, tick)
    whole.unlink()
    merge_alike(parted, merged, tick)  # behind steps too some are alike
    parted.unlink()
    put_near(merged, graph, tick)
    merged.unlink()


def _grown(grammar: Path, words: Path, growth: Growth, run: Callable[..., None]) -> Path:
    """The grammar with what it gets, in a file beside it, and the only one left."""
    numbers, laid, paired, grown = word_numbers(words), *map(grammar.with_name, ("laid.fst", "paired.fst", "grown.fst"))
    result = grammar
    if growth.counts is not None:
        run("fstconvert", "--fst_align=true", "--fst_type=const", str(grammar), str(laid))
        mix_pairs(laid, paired, WordCounts.read(*growth.counts, numbers))
        result = paired
    if knows_runs(growth.language):
        run("fstconvert", "--fst_type=vector", str(result), str(grown))
        add_runs(grown, numbers, growth.language)
        result = grown
    for done in {grammar, laid, paired} - {result}:
        done.unlink(missing_ok=True)
    return result


def plain_half(folder: Path, work: Path, tick: Callable[[], None]) -> Path:
    """HCLr.fst of the model's `folder` as a vector FST, which needs no plugin to be read; below `work`."""
    plain = work / "half.fst"
    run_child(
        ("fstconvert", "--fst_type=vector", str(folder / "HCLr.fst"), str(plain)), environment=check_tools(), tick=tick
    )
    return plain
