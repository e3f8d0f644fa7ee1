"""Checked tree → DuckDB text. Names and constants are quoted here and nowhere else.

Two dialects: over orders (exact types as declared) and over window totals (everything in double precision). In both an
operation without a finite result, or one that the type cannot hold, is NULL by itself, as a division by zero is: what stands
around it (`coalesce`, `OR`, `IS NULL`) sees a NULL, whichever order the engine computes things in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from mission_cli.formula.functions import FUNCTIONS, OPERATORS, Function, widest
from mission_cli.model.expression import Call, Literal, Name, Node, Type

_WIDEST = 38
_SHORT = 200
_NULL_AS = {"number": "BIGINT", "text": "VARCHAR", "boolean": "BOOLEAN", "time": "TIMESTAMPTZ", "timestamp": "TIMESTAMPTZ"}
_ENGINE = {
    Type.INTEGER: "BIGINT",
    Type.DECIMAL: "DECIMAL(38,0)",
    Type.DOUBLE: "DOUBLE",
    Type.TEXT: "VARCHAR",
    Type.BOOLEAN: "BOOLEAN",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMPTZ",
}
_ROUNDING = ("ceil()", "floor()", "round()")
_NEVER_FAILS = ("+", "-", "*", "%", "negative")  # of doubles
_KEEPS_LOOSE = ("+", "-", "*", "%", "/", "negative", "abs()", "sqrt()", *_ROUNDING)  # infinite in, infinite or NaN out


class _Sql(NamedTuple):
    """An emitted node. `loose`: it may be NaN or infinite where it must have no value, so what looks at it has to guard."""

    text: str
    type: Type
    places: int = 0
    loose: bool = False


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """`value` as a quoted SQL string."""
    return "'" + value.replace("'", "''") + "'"


def over_orders(tree: Node) -> str:
    """SQL over the columns of a source; an overflow or an impossible operation gives NULL, never an error."""
    return f"TRY({_finite(_emit(tree, doubles=False)).text})"


def over_totals(tree: Node, *, loose: bool = False) -> str:
    """SQL over window totals given as finite DOUBLE columns named like the metrics; NaN, infinity and overflow give NULL.

    With `loose` a number is a DOUBLE, and may be NaN or infinite where it must be NULL: for a caller who sees to that.
    """
    sql = _emit(tree, doubles=True)
    return f"TRY({(_as(sql, Type.DOUBLE) if loose else _finite(sql)).text})"


def _emit(node: Node, *, doubles: bool) -> _Sql:
    match node:
        case Literal():
            return _constant(node, doubles=doubles)
        case Name(name=name, type=kind, places=places):
            return _Sql(identifier(name), kind, places, loose=kind is Type.DOUBLE and not doubles)
        case Call(op=op, args=args):
            return _call(op, [_emit(arg, doubles=doubles) for arg in args], doubles=doubles)


def _finite(sql: _Sql) -> _Sql:
    """NULL for NaN and infinity. A long text goes through a lambda, which is slower, but has it once."""
    if not sql.loose:
        return sql
    if len(sql.text) <= _SHORT:
        return sql._replace(text=f"CASE WHEN isfinite({sql.text}) THEN {sql.text} END", loose=False)
    return sql._replace(text=f"list_transform([{sql.text}], lambda _v: CASE WHEN isfinite(_v) THEN _v END)[1]", loose=False)


def _call(op: str, parts: list[_Sql], *, doubles: bool) -> _Sql:
    if op in ("case", "if()"):
        return _chosen(parts)
    function = FUNCTIONS[op[:-2]] if op.endswith("()") else OPERATORS[op]
    same = [part.type for index, part in enumerate(parts) if function.word(index) == "same"] or [part.type for part in parts]
    kind = Type(function.gives) if function.gives != "same" else widest(same)
    if kind is Type.NULL:
        return _Sql("NULL", kind)
    if op in _ROUNDING:
        return _rounded(function, parts[0], doubles=doubles)
    if op in _KEEPS_LOOSE:
        return _calculated(op, function, parts, kind)
    if op == "nullif()":
        return _nullif(function, parts, kind)
    parts = [_finite(part) for part in parts]
    parts, places = _alike(parts) if "same" in function.takes else (_not_bare(function, parts), 0)
    text = _written(op, function, [part.text for part in parts])
    return _Sql(f"TRY({text})" if places else text, kind, places if function.gives == "same" else 0)


def _nullif(function: Function, parts: list[_Sql], kind: Type) -> _Sql:
    """The engine would give the first argument as it is, not in the type that both have together."""
    parts, places = _alike([_as(part, kind) for part in parts])
    text = function.sql.format(*(part.text for part in parts))
    return _Sql(f"TRY({text})" if places else text, kind, places, parts[0].loose)


def _written(op: str, function: Function, texts: list[str]) -> str:
    if op in ("and", "or"):
        return "(" + f" {op.upper()} ".join(texts) + ")"
    return function.sql.format(*texts, all=", ".join(texts), rest=", ".join(texts[1:]))


def _chosen(parts: list[_Sql]) -> _Sql:
    """CASE, and `if`, which is one: conditions and values in turn, then the value of ELSE."""
    values, places = _alike([*parts[1::2], parts[-1]])
    pairs = zip(_not_bare(OPERATORS["and"], parts[:-1:2]), values[:-1], strict=True)
    text = "CASE" + "".join(f" WHEN {when.text} THEN {then.text}" for when, then in pairs) + f" ELSE {values[-1].text} END"
    kind = widest([value.type for value in values])
    if kind is Type.NULL:
        return _Sql("NULL", kind)
    return _Sql(f"TRY({text})" if places else text, kind, places, any(value.loose for value in values))


def _calculated(op: str, function: Function, parts: list[_Sql], kind: Type) -> _Sql:
    """Arithmetic. Decimals are made wide before, or DuckDB would stop at 18 digits or give a double."""
    places = 0
    parts = _not_bare(function, parts)
    if op in ("/", "%"):
        parts = [parts[0], _finite(parts[1])]
    if op == "/":
        parts = [_as(part, Type.DOUBLE) for part in parts]
    if kind is Type.DECIMAL:
        own = [part.places for part in parts]
        places = sum(own) if op == "*" else max(own)
        parts = [_decimal(part, part.places if op == "*" else places, wide=True) for part in parts]
    text = _written(op, function, [part.text for part in parts])
    if kind is Type.DOUBLE and op in _NEVER_FAILS:
        text = text.removeprefix("TRY")
    return _Sql(text, kind, places, loose=kind is Type.DOUBLE and (op in "+-*/" or parts[0].loose))


def _rounded(function: Function, part: _Sql, *, doubles: bool) -> _Sql:
    """An integer is round already; DuckDB would make a double of it."""
    (part,) = _not_bare(function, [part])
    if part.type in (Type.INTEGER, Type.NULL):
        return _Sql(part.text, Type.INTEGER)
    text = function.sql.format(part.text)
    if doubles:
        return _Sql(text.removeprefix("TRY(CAST(").removesuffix(" AS BIGINT))"), Type.DOUBLE, 0, part.loose)
    return _Sql(text, Type.INTEGER)


def _not_bare(function: Function, parts: Sequence[_Sql]) -> list[_Sql]:
    """With a type for each NULL, which DuckDB needs to choose a function."""
    return [
        part._replace(text=f"CAST(NULL AS {_NULL_AS[word]})")
        if part.type is Type.NULL and (word := function.word(index)) in _NULL_AS
        else part
        for index, part in enumerate(parts)
    ]


def _alike(parts: list[_Sql]) -> tuple[list[_Sql], int]:
    """Values that are held against each other, with as many decimal places: DuckDB would drop places for want of digits."""
    if widest([part.type for part in parts]) is not Type.DECIMAL:
        return parts, 0
    places = max(part.places for part in parts)
    return [_decimal(part, places) for part in parts], places


def _as(sql: _Sql, kind: Type) -> _Sql:
    if sql.type is Type.NULL or (sql.type is not kind and kind in (Type.DOUBLE, Type.TIMESTAMP)):
        return _Sql(f"CAST({sql.text} AS {_ENGINE[kind]})", kind)
    return sql


def _decimal(sql: _Sql, places: int, *, wide: bool = False) -> _Sql:
    if sql.type is Type.DECIMAL and sql.places == places and not wide:
        return sql
    return _Sql(f"CAST({sql.text} AS DECIMAL({_WIDEST},{places}))", Type.DECIMAL, places)


def _constant(node: Literal, *, doubles: bool) -> _Sql:
    value = node.value
    if value is None:
        return _Sql("NULL", node.type)
    if isinstance(value, bool):
        return _Sql("TRUE" if value else "FALSE", node.type)
    if isinstance(value, str):
        return _Sql(text_literal(value), node.type)
    if isinstance(value, datetime):
        return _Sql(f"CAST({text_literal(value.isoformat(' '))} AS TIMESTAMPTZ)", node.type)
    if isinstance(value, date):
        return _Sql(f"CAST({text_literal(value.isoformat())} AS DATE)", node.type)
    if doubles:
        written = repr(float(value))
        return _Sql(written if "e" in written else f"{written}e0", Type.DOUBLE)
    if isinstance(value, int):
        return _Sql(f"CAST({value} AS BIGINT)", node.type)
    exponent = value.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return _Sql(f"CAST({text_literal(f'{value:f}')} AS DECIMAL({_WIDEST},{places}))", node.type, places)
