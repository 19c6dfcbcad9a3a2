"""The layers of the model as the bytes of an onnx file.

Only the few messages and fields that such a model needs are written, in the wire format of protocol buffers:
a key (field number and kind), then a number of variable length or bytes with their length before them. Their
numbers are those of onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from policy_qa.encoder.packed import BLOCK, Packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

MICROSOFT = "com.microsoft"
"""The operators that onnxruntime adds to those of onnx."""

_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7}

Linear = Callable[["Graph", Packed, str, str, int], str]
"""Writes a linear layer: over the value named third, that of the name given fourth, with so many outputs."""


class Graph:
    """A model under construction: values have names, and each node names the values it takes and gives."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """A value that is given; returns ``name``."""
        dimensions = b"".join(_number(1, size) for size in array.shape)
        kind = _number(2, _TYPES[array.dtype.name])
        self._constants.append(dimensions + kind + _bytes(8, name) + _bytes(9, array.tobytes()))
        return name

    def node(
        self, operator: str, takes: Sequence[str], gives: str, domain: str = "", **attributes: Any
    ) -> str:
        """A value that is computed; returns ``gives``. An empty name in ``takes`` leaves that input out."""
        content = b"".join(_bytes(1, name) for name in takes) + _bytes(2, gives) + _bytes(4, operator)
        content += b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
        self._nodes.append(content + _bytes(7, domain))
        return gives

    def model(self, takes: tuple[str, Sequence[str | int]], gives: tuple[str, Sequence[str | int]]) -> bytes:
        """The whole file, with one input and one output, each a name and its dimensions."""
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _bytes(2, "passages")
        graph += b"".join(_bytes(5, constant) for constant in self._constants)
        graph += _bytes(11, _value(*takes)) + _bytes(12, _value(*gives))
        operators = _bytes(8, _bytes(1, "") + _number(2, 17)) + _bytes(
            8, _bytes(1, MICROSOFT) + _number(2, 1)
        )
        return _number(1, 8) + _bytes(7, graph) + operators


def four_bit_layers(packed: Packed) -> bytes:
    """All layers, each weight in its four bits and each activation in eight: what the product runs."""
    return layers(packed, _four_bits)


def layers(packed: Packed, linear: Linear) -> bytes:
    """From ``embedded`` to the last states; ``linear`` writes what multiplies."""
    graph = Graph()
    dimensions = ("passages", "tokens", packed.width)

    def norm(prefix: str, takes: Sequence[str], operator: str, domain: str) -> str:
        weight = graph.constant(f"{prefix}.w", packed.numbers(f"{prefix}.w"))
        bias = graph.constant(f"{prefix}.b", packed.numbers(f"{prefix}.b"))
        return graph.node(operator, [*takes, weight, bias], prefix, domain, epsilon=float(packed.epsilon))

    states = norm("emb.ln", ["embedded"], "LayerNormalization", "")
    for layer in range(packed.layers):
        part = f"l{layer}."
        heads = [linear(graph, packed, states, part + name, packed.width) for name in "qkv"]
        mixed = graph.node("MultiHeadAttention", heads, f"{part}attention", MICROSOFT, num_heads=packed.heads)
        mixed = linear(graph, packed, mixed, f"{part}ao", packed.width)
        states = norm(f"{part}aln", [mixed, states], "SkipLayerNormalization", MICROSOFT)
        inner = linear(graph, packed, states, f"{part}fi", packed.inner)
        inner = graph.node("Gelu", [inner], f"{part}gelu", MICROSOFT)
        outer = linear(graph, packed, inner, f"{part}fo", packed.width)
        states = norm(f"{part}oln", [outer, states], "SkipLayerNormalization", MICROSOFT)
    return graph.model(("embedded", dimensions), (states, dimensions))


def _four_bits(graph: Graph, packed: Packed, takes: str, name: str, outputs: int) -> str:
    weights, scales = packed.quantised(f"{name}.w", outputs)
    neighbours = weights[..., ::2] | weights[..., 1::2] << 4
    return graph.node(
        "MatMulNBits",
        [
            takes,
            graph.constant(f"{name}.w", neighbours),
            graph.constant(f"{name}.s", scales),
            "",
            "",
            graph.constant(f"{name}.b", packed.numbers(f"{name}.b")),
        ],
        name,
        MICROSOFT,
        K=scales.shape[1] * BLOCK,
        N=outputs,
        bits=4,
        block_size=BLOCK,
        accuracy_level=4,  # multiply at eight bits
    )


# ── protocol buffers ────────────────────────────────────────────────────────────────────────────


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _attribute(name: str, value: float | int | Sequence[int]) -> bytes:
    if isinstance(value, float):
        return _bytes(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, 2)
    return _bytes(1, name) + b"".join(_number(8, one) for one in value) + _number(20, 7)


def _value(name: str, dimensions: Sequence[str | int]) -> bytes:
    shape = b"".join(
        _bytes(1, _bytes(2, size) if isinstance(size, str) else _number(1, size)) for size in dimensions
    )
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, shape)))
