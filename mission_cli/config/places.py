"""Key path → place in a TOML text, for messages. Parsed only when there is something to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key and its value begin, as (line, column) from 1. `quoted` when the value is a one-line string."""

    key: tuple[int, int]
    value: tuple[int, int]
    quoted: bool = False


def places(text: str) -> dict[KeyPath, Place]:
    """The place of every key path of the text; array elements have their index in the path."""
    import tree_sitter
    import tree_sitter_toml

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    root = parser.parse(text.encode()).root_node
    found: dict[KeyPath, Place] = {}
    counts: dict[KeyPath, int] = {}
    for node in root.named_children:
        if node.type == "pair":
            _pair(node, (), found)
        elif node.type in ("table", "table_array_element"):
            _table(node, found, counts)
    return found


def _table(node: Node, found: dict[KeyPath, Place], counts: dict[KeyPath, int]) -> None:
    header, *pairs = [child for child in node.named_children if child.type != "comment"]
    path = _indexed(_key(header), counts)
    if node.type == "table_array_element":
        counts[path] = counts.get(path, -1) + 1
        path = (*path, counts[path])
    for end in range(1, len(path) + 1):
        found.setdefault(path[:end], Place(_at(header), _at(header)))
    for pair in pairs:
        _pair(pair, path, found)


def _indexed(path: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """`path` with the index of the newest element after every array of tables that it passes through."""
    out: KeyPath = ()
    for part in path[:-1]:
        out = (*out, part)
        if out in counts:
            out = (*out, counts[out])
    return (*out, path[-1])


def _pair(node: Node, prefix: KeyPath, found: dict[KeyPath, Place]) -> None:
    key, value = [child for child in node.named_children if child.type != "comment"][:2]
    path = (*prefix, *_key(key))
    _value(value, path, found, _at(key))


def _value(node: Node, path: KeyPath, found: dict[KeyPath, Place], key_at: tuple[int, int]) -> None:
    source = (node.text or b"").decode()
    quoted = node.type == "string" and not source.startswith(('"""', "'''"))
    found[path] = Place(key_at, _at(node), quoted)
    if node.type == "inline_table":
        for pair in node.named_children:
            if pair.type == "pair":
                _pair(pair, path, found)
    elif node.type == "array":
        elements = [child for child in node.named_children if child.type != "comment"]
        for index, element in enumerate(elements):
            _value(element, (*path, index), found, _at(element))


def _key(node: Node) -> KeyPath:
    if node.type == "dotted_key":
        return tuple(part for child in node.named_children for part in _key(child))
    text = (node.text or b"").decode()
    return (text[1:-1] if node.type == "quoted_key" else text,)


def _at(node: Node) -> tuple[int, int]:
    row, byte = node.start_point
    return row + 1, byte + 1
