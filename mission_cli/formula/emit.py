"""Checked tree → DuckDB text. Names and constants are quoted here and nowhere else.

Two dialects: over orders (exact types as declared) and over window totals (everything in double precision).
"""

from __future__ import annotations

from datetime import date, datetime

from mission_cli.formula.functions import FUNCTIONS, OPERATORS
from mission_cli.model.expression import Call, Literal, Name, Node

_BIG = 10**18  # from here on DuckDB would read an integer as a type that decimals cannot be compared with


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
    value = node.value
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, datetime):
        return f"CAST({text_literal(value.isoformat(' '))} AS TIMESTAMPTZ)"
    if isinstance(value, date):
        return f"CAST({text_literal(value.isoformat())} AS DATE)"
    written = f"{value:d}" if isinstance(value, int) else f"{value:f}"
    if doubles:
        return f"CAST({text_literal(written)} AS DOUBLE)"
    return written if -_BIG < value < _BIG else f"CAST({text_literal(written)} AS DECIMAL(38,0))"
