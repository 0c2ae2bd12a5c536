"""The networks of a transducer and of a CTC model, with outputs that follow the sound although nobody trained them.

The weights are random, so the last layers are set by what the encoder makes of a calibration sound: each channel is
centred and scaled, and blank gets the bias that makes it win the wanted share of frames.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from edge_asr_export.zipformer.builder import Builder
from edge_asr_export.zipformer.encoder import Encoder
from edge_asr_export.zipformer.plan import Plan
from edge_asr_export.zipformer.sound import changing_sound, features_of

BLANK = 0
_BLANK_SHARE = 0.5
_CALIBRATION_S = 20.0
_LOGIT_SPREAD = 3.0
_SAID_SHARE = 0.3  # of the last tokens beside what is heard
_WEIGHTS_SEED = 1000  # of the last layers, beside the plan's own


@dataclass(frozen=True)
class Transducer:
    """The three networks."""

    encoder: onnx.ModelProto
    decoder: onnx.ModelProto
    joiner: onnx.ModelProto


def transducer(plan: Plan) -> Transducer:
    """Encoder, stateless decoder and joiner."""
    heard = _calibration(plan)
    width = heard.shape[1]
    rng = np.random.default_rng(plan.seed + _WEIGHTS_SEED)
    projection, bias = _centred(heard, rng.normal(size=(width, plan.joiner_dim)) * width**-0.5)
    inner = np.tanh(heard @ projection + bias)
    output, output_bias = _centred(inner, rng.normal(size=(plan.joiner_dim, plan.vocabulary)))
    output, output_bias = output * _LOGIT_SPREAD, output_bias * _LOGIT_SPREAD
    output_bias = output_bias + _blank_bias(inner @ output + output_bias)
    metadata = {"vocab_size": str(plan.vocabulary), "joiner_dim": str(plan.joiner_dim)}
    return Transducer(
        _encoder(plan, "encoder_out", projection, bias, log_softmax=False),
        _decoder(plan),
        _joiner(plan, output, output_bias).model(metadata),
    )


def ctc(plan: Plan) -> onnx.ModelProto:
    """An encoder whose outputs are log probabilities of the tokens."""
    heard = _calibration(plan)
    width = heard.shape[1]
    rng = np.random.default_rng(plan.seed + _WEIGHTS_SEED)
    output, bias = _centred(heard, rng.normal(size=(width, plan.vocabulary)) * width**-0.5)
    output, bias = output * _LOGIT_SPREAD, bias * _LOGIT_SPREAD
    bias = bias + _blank_bias(heard @ output + bias)
    return _encoder(plan, "log_probs", output, bias, log_softmax=True)


def _encoder(
    plan: Plan, name: str, weights: NDArray[np.float64], bias: NDArray[np.float64], *, log_softmax: bool
) -> onnx.ModelProto:
    builder = Builder(plan.seed)
    encoded, states = Encoder(builder, plan).add()
    dense = builder.node("MatMul", encoded.value, builder.constant(weights.astype(np.float32)))
    value = builder.node("Add", dense, builder.constant(bias.astype(np.float32)))
    if log_softmax:
        value = builder.node("LogSoftmax", value, axis=-1)
    width = weights.shape[1]
    builder.give(builder.reshape(value, 1, encoded.outputs, width), name, ["N", encoded.outputs, width])
    states.give()
    return builder.model(plan.metadata())


def _decoder(plan: Plan) -> onnx.ModelProto:
    """The last tokens in, a vector out; -1 stands for no token yet."""
    builder = Builder(plan.seed + 1)
    tokens = builder.take("y", ["N", plan.context_size], onnx.TensorProto.INT64)
    nothing = builder.constant(np.array(0, np.int64))
    table = builder.constant(builder.draw(plan.vocabulary, plan.joiner_dim))
    vectors = builder.node("Gather", table, builder.node("Max", tokens, nothing), axis=0)
    there = builder.node("Cast", builder.node("GreaterOrEqual", tokens, nothing), to=onnx.TensorProto.FLOAT)
    vectors = builder.node("Mul", vectors, builder.node("Unsqueeze", there, builder.constant(np.array([2]))))
    by_channel = builder.node("Transpose", vectors, perm=[0, 2, 1])
    kernel = builder.constant(builder.draw(plan.joiner_dim, 1, plan.context_size))
    mixed = builder.node("Conv", by_channel, kernel, group=plan.joiner_dim)
    flat = builder.node("Relu", builder.node("Squeeze", mixed, builder.constant(np.array([2]))))
    shrunk = builder.number("Mul", builder.linear(flat, plan.joiner_dim, plan.joiner_dim), _SAID_SHARE)
    builder.give(shrunk, "decoder_out", ["N", plan.joiner_dim])
    return builder.model({"context_size": str(plan.context_size), "vocab_size": str(plan.vocabulary)})


def _joiner(plan: Plan, output: NDArray[np.float64], bias: NDArray[np.float64]) -> Builder:
    builder = Builder(plan.seed + 2)
    heard = builder.take("encoder_out", ["N", plan.joiner_dim])
    said = builder.take("decoder_out", ["N", plan.joiner_dim])
    both = builder.node("Tanh", builder.node("Add", heard, said))
    dense = builder.node("MatMul", both, builder.constant(output.astype(np.float32)))
    logit = builder.node("Add", dense, builder.constant(bias.astype(np.float32)))
    builder.give(logit, "logit", ["N", plan.vocabulary])
    return builder


def _calibration(plan: Plan) -> NDArray[np.float32]:
    """What the encoder makes of the calibration sound: float32 (n, dim)."""
    builder = Builder(plan.seed)
    encoded, states = Encoder(builder, plan).add()
    builder.give(builder.reshape(encoded.value, 1, encoded.outputs, encoded.dim), "out", ["N", "T", encoded.dim])
    states.give()
    model = builder.model({})
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    carried: dict[str, NDArray[Any]] = {
        node.name: np.zeros([1 if axis == "N" else axis for axis in node.shape], _dtype(node.type))
        for node in session.get_inputs()[1:]
    }
    names = [node.name for node in session.get_outputs()]
    features = features_of(changing_sound(_CALIBRATION_S, plan.seed))
    outputs = []
    for begin in range(0, len(features) - plan.chunk_frames, plan.shift_frames):
        chunk = features[None, begin : begin + plan.chunk_frames]
        out, *after = session.run(names, {"x": chunk} | carried)
        carried = dict(zip(carried, after, strict=True))
        outputs.append(out[0])
    return np.concatenate(outputs)


def _dtype(name: str) -> type:
    return np.int64 if name == "tensor(int64)" else np.float32


def _centred(
    heard: NDArray[np.floating], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and bias that give each channel mean 0 and spread 1 over the calibration."""
    values = heard @ weights
    spread = values.std(axis=0) + 1e-6
    return weights / spread, -values.mean(axis=0) / spread


def _blank_bias(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bias float64 (vocabulary,) that makes blank the best in the wanted share of rows."""
    margins = np.delete(scores, BLANK, axis=1).max(axis=1) - scores[:, BLANK]
    bias = np.zeros(scores.shape[1])
    bias[BLANK] = float(np.quantile(margins, _BLANK_SHARE))
    if not math.isfinite(bias[BLANK]):
        raise ValueError(f"the seed gives a network without finite outputs: {bias[BLANK]}")
    return bias
