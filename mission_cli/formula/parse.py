"""Text → syntax tree, with the grammar in `grammar.lark`. The place of a mistake is an offset into the text."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, VisitError
from lark.visitors import Transformer_NonRecursive

from mission_cli.formula import advice
from mission_cli.formula.errors import FormulaError
from mission_cli.formula.grammar import parser
from mission_cli.model.expression import Call, Literal, Name, Node, Type, depth

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LENGTH = 4_000
MAX_NESTING = 50
MAX_DEPTH = 100
MAX_DIGITS = 38
_DIGITS = "before and after the point together"
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)(e\d+)?", re.IGNORECASE)


def parse(text: str) -> Node:
    """The tree of `text`. Raises FormulaError with the place of the first mistake."""
    _refuse_oversize(text)
    try:
        tree = _BUILDER.transform(parser().parse(text))
    except UnexpectedInput as error:
        raise _explained(error, text) from None
    except VisitError as error:
        raise error.orig_exc from None
    if depth(tree) > MAX_DEPTH:
        raise FormulaError(0, f"more than {MAX_DEPTH} operations inside each other", "split it into several metrics")
    return tree


def _refuse_oversize(text: str) -> None:
    """Refuse what would exhaust a parser before it sees it; an open bracket inside a string counts too, which is harmless."""
    if not text.strip():
        raise FormulaError(0, "the expression is empty", "write a name or a constant at least")
    if len(text) > MAX_LENGTH:
        raise FormulaError(MAX_LENGTH, f"longer than {MAX_LENGTH} characters", "split it into several metrics")
    nesting = 0
    for at, character in enumerate(text):
        nesting += (character == "(") - (character == ")")
        if nesting > MAX_NESTING:
            raise FormulaError(at, f"more than {MAX_NESTING} brackets inside each other", "split it into several metrics")


def _explained(error: UnexpectedInput, text: str) -> FormulaError:
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return FormulaError(len(text.rstrip()), "the expression ends too early", advice.for_end(text))
    at = error.pos_in_stream or 0
    begin, word = advice.word_around(text, at)
    if re.match(r"[\d.]", word) and not _NUMBER.fullmatch(word):
        return FormulaError(begin, f"{word!r} is neither a number nor a name", "numbers are written 1000, 0.5 or 1e3")
    whole = not isinstance(error, UnexpectedCharacters)
    found = str(token) if whole else text[at]
    expected = getattr(error, "expected", None) or getattr(error, "allowed", None) or ()
    hint = advice.for_token(text, at, found, whole=whole, value_fits="NUMBER" in expected)
    return FormulaError(at, f"{found!r} is not expected here", hint)


class _Builder(Transformer_NonRecursive[Token, Node]):
    """Turns what the grammar recognises into nodes, from the bottom up; deep texts do not recurse."""

    def start(self, c: Sequence[Any]) -> Node:
        return c[0]  # type: ignore[no-any-return]

    def or_(self, c: Sequence[Any]) -> Node:
        return Call("or", tuple(c), c[0].at)

    def and_(self, c: Sequence[Any]) -> Node:
        return Call("and", tuple(c), c[0].at)

    def not_(self, c: Sequence[Any]) -> Node:
        return Call("not", (c[1],), c[0].start_pos)

    def binary(self, c: Sequence[Any]) -> Node:
        left, operator, right = c
        return Call("<>" if operator == "!=" else str(operator), (left, right), operator.start_pos)

    def in_(self, c: Sequence[Any]) -> Node:
        return _maybe_not("in", c)

    def between(self, c: Sequence[Any]) -> Node:
        return _maybe_not("between", c)

    def like(self, c: Sequence[Any]) -> Node:
        return _maybe_not("like", c)

    def is_null(self, c: Sequence[Any]) -> Node:
        return _maybe_not("is_null", c)

    def negative(self, c: Sequence[Any]) -> Node:
        return Call("negative", (c[1],), c[0].start_pos)

    def positive(self, c: Sequence[Any]) -> Node:
        return c[1]  # type: ignore[no-any-return]

    def number(self, c: Sequence[Any]) -> Node:
        text = str(c[0])
        if len(Decimal(text).as_tuple().digits) > MAX_DIGITS or abs(Decimal(text).adjusted()) >= MAX_DIGITS:
            raise FormulaError(c[0].start_pos, f"a number of more than {MAX_DIGITS} digits", _DIGITS)
        if text.isdecimal() and int(text) < 2**63:
            return Literal(int(text), Type.INTEGER, c[0].start_pos)
        return Literal(Decimal(text), Type.DECIMAL, c[0].start_pos)

    def text(self, c: Sequence[Any]) -> Node:
        return Literal(_unquoted(c[0]), Type.TEXT, c[0].start_pos)

    def boolean(self, c: Sequence[Any]) -> Node:
        return Literal(c[0].lower() == "true", Type.BOOLEAN, c[0].start_pos)

    def null(self, _children: Sequence[Any]) -> Node:
        return Literal(None, Type.NULL, 0)

    def date(self, c: Sequence[Any]) -> Node:
        return Literal(_moment(c[1], date.fromisoformat, "date", "DATE '2026-10-31'"), Type.DATE, c[0].start_pos)

    def timestamp(self, c: Sequence[Any]) -> Node:
        moment = _moment(c[1], datetime.fromisoformat, "timestamp", "TIMESTAMP '2026-10-31 17:00'")
        return Literal(moment, Type.TIMESTAMP, c[0].start_pos)

    def name(self, c: Sequence[Any]) -> Node:
        return Name(str(c[0]), c[0].start_pos)

    def call(self, c: Sequence[Any]) -> Node:
        return Call(f"{c[0].lower()}()", tuple(c[1:]), c[0].start_pos)

    def case(self, c: Sequence[Any]) -> Node:
        branches = tuple(c[1:])
        if len(branches) % 2 == 0:
            branches += (Literal(None, Type.NULL, c[0].start_pos),)
        return Call("case", branches, c[0].start_pos)


def _maybe_not(op: str, c: Sequence[Any]) -> Node:
    args = tuple(arg for arg in c if not isinstance(arg, Token))
    call = Call(op, args, args[0].at)
    return call if len(args) == len(c) else Call("not", (call,), args[0].at)


def _unquoted(token: Token) -> str:
    return str(token)[1:-1].replace("''", "'")


def _moment(token: Token, read: Any, kind: str, example: str) -> Any:
    try:
        return read(_unquoted(token))
    except ValueError:
        raise FormulaError(token.start_pos or 0, f"{token} is not a {kind}", f"written like {example}") from None


_BUILDER = _Builder()
