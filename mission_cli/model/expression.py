"""Expressions as values: types, the syntax tree, and a checked expression.

Every node keeps `at`, the offset of its first character in the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Type(StrEnum):
    """Types of the language; the first three are numbers."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    NULL = "null"

    @property
    def family(self) -> str:
        """What may be compared with what: all numbers together, dates with timestamps, everything with NULL."""
        return _FAMILY.get(self, self.value)


_FAMILY = {
    Type.INTEGER: "number",
    Type.DECIMAL: "number",
    Type.DOUBLE: "number",
    Type.DATE: "time",
    Type.TIMESTAMP: "time",
}


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. Numbers are Decimal or int, never float, so that what is written is what counts."""

    value: int | Decimal | str | bool | date | datetime | None
    type: Type
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """A column of a source or a metric: as written, and once checked as in its scope, with its type and decimal places."""

    name: str
    at: int
    type: Type = Type.NULL
    places: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function of the table in `functions`, with its arguments."""

    op: str
    args: tuple[Node, ...]
    at: int


Node = Literal | Name | Call


def walk(root: Node) -> Iterator[Node]:
    """Every node of the tree, parents before children, from left to right."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Call):
            stack.extend(reversed(node.args))


def names(root: Node) -> tuple[str, ...]:
    """The distinct names in the tree, in the order of their first appearance."""
    return tuple(dict.fromkeys(node.name for node in walk(root) if isinstance(node, Name)))


def renamed(root: Node, names: Mapping[str, str]) -> Node:
    """The tree with some names replaced by others."""
    match root:
        case Name(name=name):
            return replace(root, name=names.get(name, name))
        case Call(op=op, args=args, at=at):
            return Call(op, tuple(renamed(arg, names) for arg in args), at)
        case _:
            return root


def depth(root: Node) -> int:
    """Levels of the tree, counted without recursion."""
    level, deepest = [root], 0
    while level:
        deepest += 1
        level = [arg for node in level if isinstance(node, Call) for arg in node.args]
    return deepest


def canonical(node: Node) -> str:
    """The meaning as text: equal for texts that differ in spaces, redundant brackets, case of words or `1.0` for `1.00`."""
    match node:
        case Literal(value=Decimal() as value):
            return f"{value.normalize():f}"
        case Literal(value=value, type=kind):
            return f"{kind}:{value!r}"
        case Name(name=name):
            return name
        case Call(op=op, args=args):
            return f"({op} {' '.join(map(canonical, args))})"


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: every name in the tree is one of the scope it was checked in, spelled as there."""

    text: str
    tree: Node
    type: Type

    @property
    def names(self) -> tuple[str, ...]:
        """The columns or metrics it reads."""
        return names(self.tree)

    @property
    def canonical(self) -> str:
        """Its meaning, for fingerprints."""
        return canonical(self.tree)
