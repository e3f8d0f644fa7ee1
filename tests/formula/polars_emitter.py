"""Checked tree → its column over a frame of rows, node by node in Polars.

Exact numbers are Int128: an integer itself, a decimal as a count of its last place. Each is checked against the range of its
type after every operation. Whether an Int128 would wrap around is asked of doubles before.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

import numpy as np
import polars as pl

from mission_cli.model.expression import Call, Literal, Name, Node, Type
from tests.formula.python_evaluator import Kind, common, kind_of

EXACT = (Type.INTEGER, Type.DECIMAL)
DTYPES = {
    Type.INTEGER: pl.Int128(),
    Type.DECIMAL: pl.Int128(),
    Type.DOUBLE: pl.Float64(),
    Type.TEXT: pl.String(),
    Type.BOOLEAN: pl.Boolean(),
    Type.DATE: pl.Date(),
    Type.NULL: pl.Null(),
}
FITS = 1.6e38  # an Int128 goes to 1.7e38
SIGNS = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


class Emitter:
    """The columns of trees over one frame, whose decimals are Int128 counts of their last place."""

    def __init__(self, frame: pl.DataFrame, zone: str, *, totals: bool) -> None:
        self.frame, self.zone, self.totals = frame, zone, totals

    def kind(self, node: Node) -> Kind:
        return kind_of(node, totals=self.totals)

    def column(self, node: Node) -> pl.Series:
        """The values of a node; each of its arguments is a column by itself before."""
        kind = self.kind(node)
        match node:
            case Name(name=name):
                found = pl.col(name)
            case Literal():
                found = self._constant(node, kind)
            case Call(op=op, args=args):
                columns = [self.column(arg) for arg in args]
                inner = self.frame.with_columns([column.alias(f"_{i}") for i, column in enumerate(columns)])
                parts = [pl.col(f"_{i}") for i in range(len(args))]
                found = self._call(op, parts, [self.kind(arg) for arg in args], kind)
                return inner.with_columns(self._checked(found, kind).alias("_")).get_column("_")
        return self.frame.with_columns(self._checked(found, kind).alias("_")).get_column("_")

    def dtype(self, kind: Kind) -> pl.DataType:
        return pl.Datetime("us", self.zone) if kind.type is Type.TIMESTAMP else DTYPES[kind.type]

    def _checked(self, value: pl.Expr, kind: Kind) -> pl.Expr:
        value = value.cast(self.dtype(kind))
        match kind.type:
            case Type.DOUBLE:
                return pl.when(value.is_finite()).then(value)
            case Type.INTEGER:
                return pl.when(value.is_between(-(2**63), 2**63 - 1)).then(value)
            case Type.DECIMAL:
                return pl.when((value < constant(10**38)) & (value > constant(-(10**38)))).then(value)
        return value

    def _constant(self, node: Literal, kind: Kind) -> pl.Expr:
        value = node.value
        if kind.type in EXACT:
            return constant(int(Fraction(value) * 10**kind.places))  # type: ignore[arg-type]  # exact, as Decimal's own is not
        if kind.type is Type.DOUBLE:
            return pl.lit(float(value))  # type: ignore[arg-type]
        if kind.type is Type.TIMESTAMP:
            plain = pl.lit(value, dtype=None)
            aware = getattr(value, "tzinfo", None) is not None
            return (
                plain.dt.convert_time_zone(self.zone) if aware else plain.cast(pl.Datetime("us")).dt.replace_time_zone(self.zone)
            )
        return pl.lit(value, dtype=self.dtype(kind))

    def fitted(self, value: pl.Expr, own: Kind, kind: Kind) -> tuple[pl.Expr, pl.Expr]:
        """The value as one of the kind, and whether it is one that the kind cannot hold."""
        if kind.type is Type.DOUBLE and own.type in EXACT:
            return value.cast(pl.Float64) / 10.0**own.places, pl.lit(value=False)
        if kind.type is Type.DECIMAL and own.type in EXACT:
            more = 10 ** (kind.places - own.places)
            small = (value.cast(pl.Float64) * float(more)).abs() < FITS
            grown = self._checked(pl.when(small).then(value * constant(more)), kind)
            return grown, grown.is_null() & value.is_not_null()
        if kind.type is Type.TIMESTAMP and own.type is Type.DATE:
            return value.cast(pl.Datetime("us")).dt.replace_time_zone(self.zone), pl.lit(value=False)
        return value.cast(self.dtype(kind)), pl.lit(value=False)

    def _call(self, op: str, parts: list[pl.Expr], kinds: list[Kind], kind: Kind) -> pl.Expr:
        if op in ("case", "if()"):
            values = [
                self.fitted(p, k, kind)[0] for p, k in zip([*parts[1::2], parts[-1]], [*kinds[1::2], kinds[-1]], strict=True)
            ]
            found = values[-1]
            for when, value in reversed(list(zip(parts[:-1:2], values[:-1], strict=True))):
                found = pl.when(when.cast(pl.Boolean)).then(value).otherwise(found)
            return found
        if op in ("and", "or", "not"):
            truths = [part.cast(pl.Boolean) for part in parts]
            return ~truths[0] if op == "not" else reduce(pl.Expr.and_ if op == "and" else pl.Expr.or_, truths)
        if op == "is_null":
            return parts[0].is_null()
        if op in ("coalesce()", "least()", "greatest()", "nullif()", "in", "between", *SIGNS):
            return self._held(op, parts, kinds)
        if op in ("starts_with()", "contains()", "like", "lower()", "upper()", "trim()", "length()"):
            return text_call(op, [part.cast(pl.String) for part in parts])
        if op in ("date()", "year()", "month()", "day()", "weekday()", "hour()", "minute()"):
            typed = parts[0] if kinds[0].type is not Type.NULL else parts[0].cast(pl.Datetime("us", self.zone))
            if op == "date()" and kinds[0].type is Type.DATE:
                return typed
            return getattr(typed.dt, op[:-2])()  # also `date`: a cast would give the day in UTC
        return self._calculated(op, parts, kinds, kind)

    def _held(self, op: str, parts: list[pl.Expr], kinds: list[Kind]) -> pl.Expr:
        kind = common(kinds)
        if kind.type is Type.NULL:
            return pl.lit(None)
        values, unfit = zip(*(self.fitted(part, own, kind) for part, own in zip(parts, kinds, strict=True)), strict=True)
        if op == "coalesce()":
            found = values[-1]
            for part, value in reversed(list(zip(parts[:-1], values[:-1], strict=True))):
                found = pl.when(part.is_not_null()).then(value).otherwise(found)
            return found
        plain = [value.cast(pl.Int8) for value in values] if kind.type is Type.BOOLEAN else list(values)
        match op:
            case "least()" | "greatest()":
                found = plain[0]
                for value in plain[1:]:
                    better = value < found if op == "least()" else value > found
                    found = pl.when(found.is_null() | better).then(value).otherwise(found)
            case "nullif()":
                found = pl.when((plain[0] == plain[1]).fill_null(value=False)).then(None).otherwise(values[0])
            case "in":
                found = reduce(pl.Expr.or_, [plain[0] == item for item in plain[1:]])
            case "between":
                found = (plain[0] >= plain[1]) & (plain[0] <= plain[2])
            case _:
                found = getattr(plain[0], SIGNS[op])(plain[1])
        return pl.when(~reduce(pl.Expr.or_, unfit)).then(found)

    def _calculated(self, op: str, parts: list[pl.Expr], kinds: list[Kind], kind: Kind) -> pl.Expr:
        if common(kinds).type is Type.NULL:
            return pl.lit(None)
        if op in ("ceil()", "floor()", "round()"):
            return rounded(op, parts[0], kinds[0], kind)
        if kind.type is Type.DOUBLE:
            a, *more = (
                self.fitted(p, k if k.type is not Type.NULL else kind, kind)[0] for p, k in zip(parts, kinds, strict=True)
            )
            return double(op, a, more[0] if more else a)
        typed = [part.cast(pl.Int128) for part in parts]
        if op == "*":
            a, b = typed
            small = (a.cast(pl.Float64) * b.cast(pl.Float64)).abs() < FITS
            return pl.when(small).then(a) * pl.when(small).then(b)
        a, *more = (self.fitted(p, k, kind)[0] for p, k in zip(typed, kinds, strict=True))
        if op in ("negative", "abs()"):
            return constant(0) - a if op == "negative" else size(a)
        b = more[0]
        if op == "%":
            rest = (size(a) - size(a) // pl.when(b != 0).then(size(b)) * size(b)) * sign(a)
            return rest if kind.type is Type.DECIMAL else pl.when(~((a == -(2**63)) & (b == -1))).then(rest)
        small = (a.cast(pl.Float64) + (b.cast(pl.Float64) if op == "+" else -b.cast(pl.Float64))).abs() < FITS
        a, b = pl.when(small).then(a), pl.when(small).then(b)
        return a + b if op == "+" else a - b


def constant(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.Int128)


def size(value: pl.Expr) -> pl.Expr:
    return value * sign(value)


def sign(value: pl.Expr) -> pl.Expr:
    return pl.when(value < 0).then(constant(-1)).otherwise(constant(1))


def double(op: str, a: pl.Expr, b: pl.Expr) -> pl.Expr:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / pl.when(b != 0).then(b)
        case "%":  # that of Polars has the sign of the divisor
            return pl.struct(a.alias("a"), b.alias("b")).map_batches(remainders, pl.Float64)
        case "negative":
            return -a
        case "abs()":
            return a.abs()
    return pl.when(a >= 0).then(a.sqrt())


def remainders(pairs: pl.Series) -> pl.Series:
    a, b = (pairs.struct.field(name).cast(pl.Float64) for name in "ab")
    with np.errstate(all="ignore"):
        return pl.Series(np.fmod(a.fill_null(float("nan")).to_numpy(), b.fill_null(float("nan")).to_numpy()))


def rounded(op: str, value: pl.Expr, own: Kind, kind: Kind) -> pl.Expr:
    if own.type is Type.DOUBLE:
        toward = value.truncate() if hasattr(value, "truncate") else value.sign() * value.abs().floor()
        away = pl.when((value - toward).abs() >= 0.5).then(toward + value.sign()).otherwise(toward)
        found = {"ceil()": value.ceil(), "floor()": value.floor(), "round()": away}[op]
        return found if kind.type is Type.DOUBLE else pl.when(found.is_between(-(2.0**63), 2.0**63, closed="left")).then(found)
    unit = constant(10**own.places)
    toward = size(value) // unit * sign(value)
    rest = size(value) - size(value) // unit * unit
    match op:
        case "ceil()":
            return toward + ((rest > 0) & (value > 0)).cast(pl.Int128)
        case "floor()":
            return toward - ((rest > 0) & (value < 0)).cast(pl.Int128)
    return toward + sign(value) * (rest >= unit - rest).cast(pl.Int128)


def text_call(op: str, parts: list[pl.Expr]) -> pl.Expr:
    a, b = parts[0], parts[-1]
    match op:
        case "starts_with()":
            return a.str.starts_with(b)
        case "contains()":
            return a.str.contains(b, literal=True)
        case "like":
            inside = b.str.escape_regex().str.replace_all("%", ".*", literal=True).str.replace_all("_", ".", literal=True)
            return a.str.contains(pl.lit("(?s)^") + inside + pl.lit(r"\z"))
        case "lower()":
            return a.str.to_lowercase()
        case "upper()":
            return a.str.to_uppercase()
        case "trim()":
            return a.str.strip_chars(" ")
    return a.str.len_chars()
