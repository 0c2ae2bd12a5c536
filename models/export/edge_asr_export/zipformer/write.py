"""A folder in the layout of published streaming zipformers: networks and tokens.txt."""

from collections.abc import Sequence
from pathlib import Path

from edge_asr_export.zipformer import networks
from edge_asr_export.zipformer.builder import write
from edge_asr_export.zipformer.plan import Plan

TOKENS_FILE = "tokens.txt"


def write_transducer(folder: Path, plan: Plan, tokens: Sequence[str], *, quantized: bool = False) -> None:
    """Write encoder, decoder, joiner and tokens; `quantized` for int8, in the encoder and joiner, as is usual."""
    made = networks.transducer(plan.with_vocabulary(len(tokens)))
    folder.mkdir(parents=True, exist_ok=True)
    ending = ".int8.onnx" if quantized else ".onnx"
    write(made.encoder, folder / f"encoder{ending}", quantized=quantized)
    write(made.decoder, folder / "decoder.onnx", quantized=False)
    write(made.joiner, folder / f"joiner{ending}", quantized=quantized)
    write_tokens(folder, tokens)


def write_ctc(folder: Path, plan: Plan, tokens: Sequence[str], *, quantized: bool = False) -> None:
    """Write the one network of a CTC model and its tokens."""
    made = networks.ctc(plan.with_vocabulary(len(tokens)))
    folder.mkdir(parents=True, exist_ok=True)
    write(made, folder / ("model.int8.onnx" if quantized else "model.onnx"), quantized=quantized)
    write_tokens(folder, tokens)


def write_tokens(folder: Path, tokens: Sequence[str]) -> None:
    """One token and its number a line."""
    lines = [f"{token} {number}\n" for number, token in enumerate(tokens)]
    (folder / TOKENS_FILE).write_text("".join(lines), encoding="utf-8")


def made_up_pieces(count: int) -> list[str]:
    """Pieces of words in the order of a byte pair encoding: the marks, pairs of letters, then the letters."""
    letters = [*"ETAOINSHRDLUCMFWYPVBGKQJXZ"]
    alphabet = ["▁", *letters]
    begins = [f"▁{letter}" for letter in letters]
    pairs = [first + second for first in letters for second in letters]
    triples = [f"▁{first}{second}" for first in letters for second in letters]
    merged = [piece for group in zip(begins * len(letters), pairs, triples, strict=True) for piece in group]
    wanted = count - 3 - len(alphabet)
    if wanted < 0:
        raise ValueError(f"{count} tokens are too few, expected at least {3 + len(alphabet)}")
    return ["<blk>", "<sos/eos>", "<unk>", *list(dict.fromkeys(merged))[:wanted], *alphabet]
