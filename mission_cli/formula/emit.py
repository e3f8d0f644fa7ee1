"""Checked tree → DuckDB text. Names and constants are quoted here and nowhere else.

Two dialects: over orders (exact types as declared) and over window totals (everything in double precision).
"""

from __future__ import annotations

from datetime import date, datetime

from mission_cli.formula.functions import FUNCTIONS, OPERATORS
from mission_cli.model.expression import Call, Literal, Name, Node


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """`value` as a quoted SQL string."""
    return "'" + value.replace("'", "''") + "'"


def over_orders(tree: Node) -> str:
    """SQL over the columns of a source; an overflow or an impossible operation gives NULL, never an error."""
    return f"TRY({_emit(tree, doubles=False)})"


def over_totals(tree: Node) -> str:
    """SQL over window totals given as DOUBLE columns named like the metrics; NaN, infinity and overflow give NULL."""
    return f"TRY({_emit(tree, doubles=True)})"


def _emit(node: Node, *, doubles: bool) -> str:
    match node:
        case Literal():
            return _constant(node, doubles=doubles)
        case Name(name=name):
            return identifier(name)
        case Call(op=op, args=args):
            parts = [_emit(arg, doubles=doubles) for arg in args]
            return _call(op, parts)


def _call(op: str, parts: list[str]) -> str:
    if op in ("and", "or"):
        return "(" + f" {op.upper()} ".join(parts) + ")"
    if op == "case":
        whens = "".join(f" WHEN {w} THEN {t}" for w, t in zip(parts[:-1:2], parts[1::2], strict=True))
        return f"CASE{whens} ELSE {parts[-1]} END"
    function = FUNCTIONS[op[:-2]] if op.endswith("()") else OPERATORS[op]
    return function.sql.format(*parts, all=", ".join(parts), rest=", ".join(parts[1:]))


def _constant(node: Literal, *, doubles: bool) -> str:
    match node.value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if node.value else "FALSE"
        case str():
            return text_literal(node.value)
        case datetime():
            return f"CAST({text_literal(node.value.isoformat(' '))} AS TIMESTAMPTZ)"
        case date():
            return f"CAST({text_literal(node.value.isoformat())} AS DATE)"
        case number:
            written = str(number) if isinstance(number, int) else f"{number:f}"
            return f"CAST({text_literal(written)} AS DOUBLE)" if doubles else written
