"""A network of the TDNN-F family with a few numbers in each layer, as Kaldi would write it."""

from dataclasses import dataclass, field

import numpy as np

from tests.export import kaldi_files as kaldi
from tests.export.kaldi_files import Array

INPUT_DIM, IVECTOR_DIM, HIDDEN, BOTTLENECK = 5, 3, 8, 6
DELTA_FRAMES = 2


@dataclass
class TinyNetwork:
    """Delta features and ivector, then one factorized layer for each pair of offsets, each with its bypass."""

    layers: list[tuple[list[int], list[int]]]
    pdfs: int = 10
    seed: int = 0
    shared: bool = False  # a layer's rectifier and norm have other readers beside the next layer
    lines: list[str] = field(default_factory=list)
    components: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self._build()

    @property
    def left(self) -> int:
        return DELTA_FRAMES - sum(min(linear) + min(affine) for linear, affine in self.layers)

    @property
    def right(self) -> int:
        return DELTA_FRAMES + sum(max(linear) + max(affine) for linear, affine in self.layers)

    def data(self) -> bytes:
        """The network as it lies in final.mdl, behind the transition model."""
        parts = [kaldi.token("<Nnet3>"), b"\n", "".join(f"{line}\n" for line in self.lines).encode(), b"\n"]
        parts += [kaldi.token("<NumComponents>"), kaldi.integer(len(self.components))]
        parts += [kaldi.token("<ComponentName>", name) + data for name, data in self.components]
        parts += [kaldi.token("</Nnet3>", "<LeftContext>"), kaldi.integer(self.left)]
        parts += [kaldi.token("<RightContext>"), kaldi.integer(self.right)]
        return b"".join([*parts, kaldi.token("<Priors>"), kaldi.array(np.zeros(0, np.float32))])

    def add(self, name: str, source: str, kind: str, body: bytes) -> str:
        self.lines.append(f"component-node name={name} component={name} input={source}")
        self.components.append((name, kaldi.token(f"<{kind}>") + body + kaldi.token(f"</{kind}>")))
        return name

    def random(self, *shape: int) -> Array:
        return self.rng.normal(size=shape, scale=shape[-1] ** -0.5).astype(np.float32)

    def _build(self) -> None:
        self.lines += [f"input-node name=ivector dim={IVECTOR_DIM}", f"input-node name=input dim={INPUT_DIM}"]
        self.lines.append(f"dim-range-node name=copy input-node=input dim-offset=0 dim={INPUT_DIM}")
        first = "Sum(Offset(Scale(-1, copy), -1), Offset(input, 1))"
        second = "Sum(Offset(input, -2), Sum(Offset(input, 2), Scale(-2, copy)))"
        deltas = self.add("deltas", f"Append(input, {first}, {second})", "NoOpComponent", b"")
        normal = self._norm("delta", deltas, 3 * INPUT_DIM)
        joined = self.add("joined", f"Append({normal}, ReplaceIndex(ivector, t, 0))", "NoOpComponent", b"")
        last = self._hidden("tdnn1", self._affine("tdnn1.affine", joined, 3 * INPUT_DIM + IVECTOR_DIM, HIDDEN))
        for number, (linear, affine) in enumerate(self.layers, 2):
            name = f"tdnnf{number}"
            narrow = self._tdnn(f"{name}.linear", last, HIDDEN, BOTTLENECK, linear, bias=False)
            wide = self._tdnn(f"{name}.affine", narrow, BOTTLENECK, HIDDEN, affine, bias=True)
            new = self._hidden(name, wide)
            if self.shared:
                others = f"Sum(Scale(0.5, {name}.relu), Scale(2, {name}.batchnorm))"
                new = f"Sum({new}, Sum({others}, Scale(-1, {name}.relu)))"
            last = self.add(f"{name}.noop", f"Sum(Scale(0.75, {last}), {new})", "NoOpComponent", b"")
        params = kaldi.token("<Params>") + kaldi.array(self.random(BOTTLENECK, HIDDEN))
        prefinal = self.add("prefinal-l", last, "LinearComponent", kaldi.token("<RankInOut>") + _pair(2, 3) + params)
        self._affine("output.affine", prefinal, BOTTLENECK, self.pdfs)
        self.lines.append("output-node name=output input=output.affine objective=linear")
        other = self._affine("output-xent.affine", prefinal, BOTTLENECK, self.pdfs)
        softmax = self.add("output-xent.log-softmax", other, "LogSoftmaxComponent", _dim(self.pdfs))
        self.lines.append(f"output-node name=output-xent input={softmax} objective=linear")

    def _hidden(self, name: str, source: str) -> str:
        statistics = b"".join(kaldi.token(f"<{key}>") + kaldi.array(self.random(HIDDEN)) for key in ("ValueAvg",))
        relu = self.add(f"{name}.relu", source, "RectifiedLinearComponent", _dim(HIDDEN) + statistics)
        flag = kaldi.token("<TimePeriod>") + kaldi.integer(0) + kaldi.token("<Continuous>")
        return self.add(f"{name}.dropout", self._norm(name, relu, HIDDEN), "GeneralDropoutComponent", flag)

    def _norm(self, name: str, source: str, width: int) -> str:
        """Batch norm in one block, or in blocks of half the width."""
        block = width // 2 if width % 2 == 0 else width
        body = _dim(width) + kaldi.token("<BlockDim>") + kaldi.integer(block)
        body += kaldi.token("<Epsilon>") + kaldi.real(0.001) + kaldi.token("<TargetRms>") + kaldi.real(0.9)
        body += kaldi.token("<TestMode>") + b"F" + kaldi.token("<Count>") + kaldi.double(100.0)
        body += kaldi.token("<StatsMean>") + kaldi.array(self.random(block))
        body += kaldi.token("<StatsVar>") + kaldi.array(self.random(block) ** 2 + np.float32(0.5))
        return self.add(f"{name}.batchnorm", source, "BatchNormComponent", body)

    def _affine(self, name: str, source: str, width: int, rows: int) -> str:
        body = kaldi.token("<MaxChange>") + kaldi.real(0.75) + kaldi.token("<LinearParams>")
        body += kaldi.array(self.random(rows, width)) + kaldi.token("<BiasParams>") + kaldi.array(self.random(rows))
        body += kaldi.token("<RankIn>") + kaldi.integer(4) + kaldi.token("<Alpha>") + kaldi.real(4.0)
        return self.add(name, source, "NaturalGradientAffineComponent", body)

    def _tdnn(self, name: str, source: str, width: int, rows: int, offsets: list[int], *, bias: bool) -> str:
        body = kaldi.token("<LearningRate>") + kaldi.real(4e-5) + kaldi.token("<TimeOffsets>")
        body += kaldi.integers(offsets) + kaldi.token("<LinearParams>")
        body += kaldi.array(self.random(rows, width * len(offsets))) + kaldi.token("<BiasParams>")
        body += kaldi.array(self.random(rows) if bias else np.zeros(0, np.float32))
        body += kaldi.token("<UseNaturalGradient>") + b"T" + kaldi.token("<RankInOut>") + _pair(2, 3)
        return self.add(name, source, "TdnnComponent", body)


def _dim(width: int) -> bytes:
    return kaldi.token("<Dim>") + kaldi.integer(width)


def _pair(first: int, second: int) -> bytes:
    return kaldi.integer(first) + kaldi.integer(second)
