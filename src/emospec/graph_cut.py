"""An ONNX model cut in two at one of its tensors, by the bytes of its file: the package `onnx` is not needed.

The file is a message of Protocol Buffers: fields one after the other, each a number, a kind and a value. Fields are
left out and added; none is changed.

References
----------
https://protobuf.dev/programming-guides/encoding; the numbers of the fields are those of onnx.proto3.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES = 0, 1, 2  # kinds of values; any other has four bytes
GRAPH = 7  # of a model
NODE, NAME, CONSTANT, INPUT, OUTPUT = 1, 2, 5, 11, 12  # of a graph; other fields describe, and are left out
NODE_INPUT, NODE_OUTPUT, CONSTANT_NAME = 1, 2, 8
VALUE_NAME, VALUE_TYPE, TENSOR_TYPE, ELEMENT_TYPE, FLOAT, SHAPE, AXIS = 1, 2, 1, 1, 1, 2, 1  # of inputs and outputs


class Field(NamedTuple):
    """A field of a message: its number, the bytes of its value, and all its bytes."""

    number: int
    value: bytes
    whole: bytes

    def parts(self) -> Iterator["Field"]:
        """Yield the fields of the message that this field holds."""
        return fields_of(self.value)

    def values(self, number: int) -> list[bytes]:
        """Return the values of its parts with a number."""
        return [each.value for each in self.parts() if each.number == number]


class Halves(NamedTuple):
    """Two models: from the inputs of a graph to one tensor, and from that tensor to its outputs."""

    tensor: str
    before: bytes
    after: bytes


def cut_behind(model: bytes, prefix: str, *, n_axes: int = 4) -> Halves | None:
    """Cut a model behind the nodes whose outputs begin with `prefix`.

    Parameters
    ----------
    n_axes : int
        Of the tensor there, which has to be of type float.

    Returns
    -------
    Halves, or None
        If not exactly one tensor leads from these nodes to the others.
    """
    fields, first = list(fields_of(model)), prefix.encode()
    graph = [part for each in fields if each.number == GRAPH for part in each.parts()]
    behind = [each for each in graph if each.number in (NODE, CONSTANT) and not _name_of(each).startswith(first)]
    needed = {name for each in behind if each.number == NODE for name in each.values(NODE_INPUT)}
    crossing = [name for name in needed if name.startswith(first)]
    if len(crossing) != 1:
        return None
    in_front = [each for each in graph if each.number in (NODE, CONSTANT) and _name_of(each).startswith(first)]
    rest = b"".join(each.whole for each in fields if each.number != GRAPH)
    before = [_whole(graph, NAME, INPUT), _whole(in_front), _value(OUTPUT, crossing[0], n_axes)]
    after = [_whole(graph, NAME, OUTPUT), _whole(behind), _value(INPUT, crossing[0], n_axes)]
    return Halves(crossing[0].decode(), *(rest + _message(GRAPH, b"".join(half)) for half in (before, after)))


def _whole(fields: Iterable[Field], *numbers: int) -> bytes:
    """Return fields one after the other: all, or those of some numbers."""
    return b"".join(each.whole for each in fields if not numbers or each.number in numbers)


def _name_of(field: Field) -> bytes:
    """Return what a node or a constant is called."""
    number = {NODE: NODE_OUTPUT, CONSTANT: CONSTANT_NAME}.get(field.number)
    return next(iter(field.values(number)), b"") if number else b""


def _value(number: int, name: bytes, n_axes: int) -> bytes:
    """Return an input or output of a graph: a tensor of floats with axes of any lengths."""
    shape = _message(SHAPE, _message(AXIS, b"") * n_axes)
    of_floats = _message(TENSOR_TYPE, varint(ELEMENT_TYPE << 3 | VARINT) + varint(FLOAT) + shape)
    return _message(number, _message(VALUE_NAME, name) + _message(VALUE_TYPE, of_floats))


def _message(number: int, value: bytes) -> bytes:
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def fields_of(message: bytes) -> Iterator[Field]:
    """Yield the fields of a message."""
    at = 0
    while at < len(message):
        key, start = varint_at(message, at)
        kind = key & 7
        if kind == BYTES:
            length, start = varint_at(message, start)
            end = start + length
        else:
            end = varint_at(message, start)[1] if kind == VARINT else start + (8 if kind == FIXED64 else 4)
        yield Field(key >> 3, message[start:end], message[at:end])
        at = end


def varint_at(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, seven bits a byte, lowest first, and the place after it."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def varint(value: int) -> bytes:
    """Return a number as it stands in a message.

    >>> varint(300).hex()
    'ac02'
    """
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])
