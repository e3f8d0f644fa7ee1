"""The expression language: what is read, what is refused and where, and that the SQL it becomes computes what it says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission_cli.formula.check import Scope, compile_text
from mission_cli.formula.emit import over_orders, over_totals
from mission_cli.formula.errors import FormulaErrors
from mission_cli.formula.functions import FUNCTIONS
from mission_cli.formula.graph import cycle, order, reachable
from mission_cli.formula.parse import parse
from mission_cli.model.expression import Expression, Type, canonical
from mission_cli.store.database import configure

COLUMNS = Scope(
    {
        "fare": Type.DECIMAL,
        "qty": Type.INTEGER,
        "score": Type.DOUBLE,
        "city": Type.TEXT,
        "vip": Type.BOOLEAN,
        "born": Type.DATE,
        "final_at": Type.TIMESTAMP,
    },
    "column",
)


def compiled(text: str, want: str = "number") -> Expression:
    return compile_text(text, COLUMNS, want)


def refusals(text: str, want: str = "number") -> list[tuple[int, str]]:
    """Column (from 1) and message of every mistake."""
    with pytest.raises(FormulaErrors) as caught:
        compile_text(text, COLUMNS, want)
    return [(error.at + 1, error.message) for error in caught.value.errors]


def hints(text: str, want: str = "number") -> list[str]:
    with pytest.raises(FormulaErrors) as caught:
        compile_text(text, COLUMNS, want)
    return [error.hint for error in caught.value.errors]


# ---------------------------------------------------------------- one meaning, one canonical form

ALIKE = [
    ("qty+1", " qty  +  1 ", "(qty + 1)", "((qty)) + (1)", "QTY + 1", "qty\n\t+ 1"),
    ("qty + 1 * 2", "qty + (1 * 2)"),
    ("qty - 1 - 2", "(qty - 1) - 2"),
    ("qty / 1 / 2", "(qty / 1) / 2"),
    ("-qty * 2", "(-qty) * 2", "- qty * +2"),
    ("fare + 1.50", "fare + 1.5", "fare + 1.500", "fare + 15e-1"),
    ("fare = 1 AND vip OR born IS NULL", "((fare = 1) and vip) or (born is null)"),
    ("vip OR vip AND vip", "vip OR (vip AND vip)"),
    ("NOT vip AND vip", "(NOT vip) AND vip", "not(vip) and vip"),
    ("NOT qty = 1", "NOT (qty = 1)"),
    ("vip AND vip AND vip", "(vip AND vip AND vip)"),
    ("qty <> 1", "qty != 1", "qty<>1"),
    ("city NOT IN ('a', 'b')", "NOT city IN ('a','b')", "not (City in ('a', 'b'))"),
    ("city NOT LIKE '%x'", "NOT city LIKE '%x'"),
    ("city IS NOT NULL", "NOT city IS NULL"),
    ("qty NOT BETWEEN 1 AND 2 + 3", "NOT (qty BETWEEN 1 AND (2 + 3))"),
    ("qty BETWEEN 1 AND 2 AND vip", "(qty BETWEEN 1 AND 2) AND vip"),
    ("coalesce(qty, 0)", "COALESCE( QTY , 0 )"),
    ("CASE WHEN vip THEN 1 END", "case when VIP then 1 else NULL end"),
    ("born = DATE '2024-02-29'", "born=date'2024-02-29'"),
    ("city = 'it''s'", "( city = 'it''s' )"),
]
APART = [
    ("qty + 1", "1 + qty"),
    ("qty - 1 - 2", "qty - (1 - 2)"),
    ("qty / 1 / 2", "qty / (1 / 2)"),
    ("qty * 1 + 2", "qty * (1 + 2)"),
    ("-(qty + 1)", "-qty + 1"),
    ("vip AND vip OR vip", "vip AND (vip OR vip)"),
    ("NOT (vip AND vip)", "NOT vip AND vip"),
    ("city = 'a'", "city = 'A'"),
    ("city = ' a'", "city = 'a'"),
    ("city IN ('a', 'b')", "city IN ('a,b')"),
    ("fare + 0.1", "fare + 0.10000000000000001"),
    ("born = DATE '2024-02-29'", "born = DATE '2024-02-28'"),
    ("if(vip, 1, 2)", "if(vip, 2, 1)"),
    ("qty IN (1, 23)", "qty IN (12, 3)"),
]


def meaning(text: str) -> str:
    for want in ("number", "boolean"):
        try:
            return compile_text(text, COLUMNS, want).canonical
        except FormulaErrors:
            continue
    raise AssertionError(text)


@pytest.mark.parametrize("texts", ALIKE, ids=lambda texts: texts[0])
def test_texts_that_mean_the_same_have_one_canonical_form(texts: tuple[str, ...]) -> None:
    assert len({meaning(text) for text in texts}) == 1


@pytest.mark.parametrize("texts", APART, ids=lambda texts: texts[0])
def test_texts_that_mean_something_else_have_another(texts: tuple[str, str]) -> None:
    assert meaning(texts[0]) != meaning(texts[1])


def test_names_are_spelled_as_in_the_scope() -> None:
    assert compiled("FARE + Qty + fare").names == ("fare", "qty")


@pytest.mark.parametrize(
    ("text", "want", "kind"),
    [
        ("qty", "number", Type.INTEGER),
        ("qty + 1", "number", Type.INTEGER),
        ("qty * fare", "number", Type.DECIMAL),
        ("fare + score", "number", Type.DOUBLE),
        ("qty / 2", "number", Type.DOUBLE),
        ("qty % 2", "number", Type.INTEGER),
        ("round(fare)", "number", Type.INTEGER),
        ("coalesce(qty, 0.5)", "number", Type.DECIMAL),
        ("if(vip, qty, NULL)", "number", Type.INTEGER),
        ("CASE WHEN vip THEN NULL ELSE fare END", "number", Type.DECIMAL),
        ("NULL", "number", Type.NULL),
        ("year(born)", "number", Type.INTEGER),
        ("length(city)", "number", Type.INTEGER),
        ("city LIKE 'x%' OR NULL", "boolean", Type.BOOLEAN),
        ("final_at >= DATE '2026-10-31'", "boolean", Type.BOOLEAN),
        ("hour(final_at) BETWEEN 7 AND 8", "boolean", Type.BOOLEAN),
        ("NULL IS NULL", "boolean", Type.BOOLEAN),
    ],
)
def test_types(text: str, want: str, kind: Type) -> None:
    assert compile_text(text, COLUMNS, want).type is kind


# ---------------------------------------------------------------- refused texts

REFUSED: list[tuple[str, str, list[tuple[int, str]]]] = [
    ("", "number", [(1, "the expression is empty")]),
    (" \n ", "number", [(1, "the expression is empty")]),
    ("fare +", "number", [(7, "the expression ends too early")]),
    ("fare + * qty", "number", [(8, "'*' is not expected here")]),
    ("(fare + qty", "number", [(12, "the expression ends too early")]),
    ("fare + qty)", "number", [(11, "')' is not expected here")]),
    ("fare qty", "number", [(6, "'qty' is not expected here")]),
    ("fare == 1", "boolean", [(7, "'=' is not expected here")]),
    ("fare; DELETE FROM orders", "number", [(5, "';' is not expected here")]),
    ("fare;", "number", [(5, "';' is not expected here")]),
    ('"fare" + 1', "number", [(1, "'\"' is not expected here")]),
    ('city = "SGN"', "boolean", [(8, "'\"' is not expected here")]),
    ("city = 'SGN", "boolean", [(8, '"\'" is not expected here')]),
    ("fare::integer", "number", [(5, "':' is not expected here")]),
    ("orders.fare", "number", [(7, "'.' is not expected here")]),
    ("fare ? 1 : 2", "number", [(6, "'?' is not expected here")]),
    ("vip && vip", "boolean", [(5, "'&' is not expected here")]),
    ("!vip", "boolean", [(1, "'!' is not expected here")]),
    ("city IN ['a']", "boolean", [(9, "'[' is not expected here")]),
    ("city IN ()", "boolean", [(10, "')' is not expected here")]),
    ("SELECT 1", "number", [(8, "'1' is not expected here")]),
    ("(SELECT max(fare) FROM orders)", "number", [(9, "'max' is not expected here")]),
    ("CAST(fare AS integer)", "number", [(11, "'AS' is not expected here")]),
    ("fare OVER (PARTITION BY city)", "number", [(6, "'OVER' is not expected here")]),
    ("fare /* ten */", "number", [(7, "'*' is not expected here")]),
    ("fare < qty < score", "boolean", [(12, "'<' is not expected here")]),
    ("fare BETWEEN 1", "boolean", [(15, "the expression ends too early")]),
    ("fare IS 1", "boolean", [(9, "'1' is not expected here")]),
    ("CASE vip WHEN TRUE THEN 1 END", "number", [(6, "'vip' is not expected here")]),
    ("fare $ 1", "number", [(6, "'$' is not expected here")]),
    ("fare + é", "number", [(8, "'é' is not expected here")]),
    ("fear", "number", [(1, 'unknown column "fear"')]),
    ("fare\n+ qty\n+ nope", "number", [(14, 'unknown column "nope"')]),
    ("fear + qty * colour", "number", [(1, 'unknown column "fear"'), (14, 'unknown column "colour"')]),
    ("sum(fare)", "number", [(1, 'unknown function "sum"')]),
    ("read_text('/etc/passwd')", "number", [(1, 'unknown function "read_text"')]),
    ("nope(1, fear)", "number", [(1, 'unknown function "nope"'), (9, 'unknown column "fear"')]),
    ("abs(fare, qty)", "number", [(1, "abs takes 1 argument, not 2")]),
    ("coalesce()", "number", [(1, "coalesce takes at least 2 arguments, not 0")]),
    ("if(vip, 1)", "number", [(1, "if takes 3 arguments, not 2")]),
    ("city", "number", [(1, "gives a text, not a number")]),
    ("fare", "boolean", [(1, "gives a number, not a boolean")]),
    ("qty + city", "number", [(7, "+ takes a number, not a text")]),
    ("fare AND vip", "boolean", [(1, "AND takes a boolean, not a decimal")]),
    ("NOT fare", "boolean", [(5, "NOT takes a boolean, not a decimal")]),
    ("fare = 'x'", "boolean", [(8, "= cannot hold a decimal against a text")]),
    ("born = '2026-10-31'", "boolean", [(8, "= cannot hold a date against a text")]),
    ("city LIKE born", "boolean", [(11, "LIKE takes a text, not a date")]),
    ("hour(born)", "number", [(6, "HOUR takes a timestamp, not a date")]),
    ("DATE '2026-02-30' = born", "boolean", [(6, "'2026-02-30' is not a date")]),
    ("TIMESTAMP 'soon' < final_at", "boolean", [(11, "'soon' is not a timestamp")]),
    ("CASE WHEN fare THEN 1 END", "number", [(11, "CASE takes a boolean after WHEN, not a decimal")]),
    ("coalesce(fare, 'x')", "number", [(16, "COALESCE cannot hold a decimal against a text")]),
    ("least(fare, born)", "number", [(13, "LEAST cannot hold a decimal against a date")]),
    ("qty IN (1, 'a')", "boolean", [(12, "IN cannot hold an integer against a text")]),
    ("(" * 51 + "1" + ")" * 51, "number", [(51, "more than 50 brackets inside each other")]),
    ("1" + "+1" * 2000, "number", [(4001, "longer than 4000 characters")]),
    ("-" * 200 + "1", "number", [(1, "more than 100 operations inside each other")]),
    ("NOT " * 150 + "vip", "boolean", [(1, "more than 100 operations inside each other")]),
]


@pytest.mark.parametrize(("text", "want", "says"), REFUSED, ids=[text[:40] or "empty" for text, *_ in REFUSED])
def test_refused_with_the_place(text: str, want: str, says: list[tuple[int, str]]) -> None:
    assert refusals(text, want) == says


@pytest.mark.parametrize(
    ("text", "want", "hint"),
    [
        ("fear", "number", 'did you mean "fare"?'),
        ("colour", "number", "columns here: born, city, fare, final_at, qty, score, vip"),
        ("rnd(fare)", "number", 'did you mean "round"?'),
        ("fare == 1", "boolean", "equality is a single ="),
        ('city = "SGN"', "boolean", "text stands in single quotes: 'SGN'"),
        ("city = 'SGN", "boolean", "the text is not closed with a second '"),
        ("(fare", "number", "a ) is missing"),
        ("fare::integer", "number", "casts are not part of the language"),
        ("orders.fare", "number", "names have no table before them"),
        ("vip && vip", "boolean", "write AND"),
        ("born = '2026-10-31'", "boolean", "write DATE '2026-10-31' or TIMESTAMP '2026-10-31 17:00'"),
        ("max(fare)", "number", 'what happens over orders and days is told by the metric\'s "day" and "over_days"'),
        ("SELECT 1", "number", "SELECT is not part of the language: scalar expressions only"),
        ("DATE 'soon' = born", "boolean", "written like DATE '2026-10-31'"),
    ],
)
def test_hints(text: str, want: str, hint: str) -> None:
    assert hints(text, want) == [hint]


def test_a_closed_text_is_not_said_to_be_open() -> None:
    assert "closed" not in hints("city IN 'a'", "boolean")[0]


@pytest.mark.parametrize("text", ["(city + 1) * 2", "qty + abs(city) * 2", "lower(qty) + 1 - qty"])
def test_one_mistake_is_told_once(text: str) -> None:
    assert len(refusals(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "fare + \0",
        "fare\u00a0+ 1",
        "fаre",  # a Cyrillic letter
        "fare + 1e",
        "1.2.3",
        "12abc",
        "0x10",
        "--",
        "'",
        "((((",
        "))))",
        "CASE",
        "CASE END",
        "CASE WHEN vip THEN END",
        "IN (1)",
        "AND",
        "NOT",
        "date",
        "if",
        "fare,",
        "fare fare fare",
        "😀",
        "a" * 3000,
        "'" + "x" * 3000,
        "coalesce(" * 40 + "1" + ", 1)" * 40 + "1",
    ],
)
def test_nonsense_is_refused_and_never_a_crash(text: str) -> None:
    assert refusals(text)


WORDS = [
    "fare",
    "qty",
    "city",
    "vip",
    "1",
    "0.5",
    "'a'",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "=",
    "<",
    "IN",
    "AND",
    "OR",
    "NOT",
    "IS",
    "NULL",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "abs(",
]


@settings(max_examples=150, deadline=None)
@given(text=st.lists(st.sampled_from(WORDS)).map(" ".join) | st.text(max_size=30))
def test_any_text_is_compiled_or_refused(text: str) -> None:
    for want in ("number", "boolean"):
        mistakes = []
        try:
            expression = compile_text(text, COLUMNS, want)
        except FormulaErrors as refused:
            mistakes = refused.errors
        else:
            assert canonical(parse(expression.text)).lower() == expression.canonical.lower()
        assert all(0 <= mistake.at <= len(text) and mistake.message for mistake in mistakes)


# ---------------------------------------------------------------- which formula needs which

NEEDS = {"roi": ["profit", "spend"], "profit": ["revenue", "spend"], "percent": ["roi"]}


def test_order_puts_each_after_those_it_needs() -> None:
    found = order(NEEDS)
    assert set(found) == {"roi", "profit", "percent", "revenue", "spend"}
    assert all(found.index(needed) < found.index(name) for name, all_needed in NEEDS.items() for needed in all_needed)


def test_a_cycle_is_a_path_that_ends_where_it_begins() -> None:
    path = cycle({"a": ["b"], "b": ["x", "c"], "c": ["a"], "d": ["a"]})
    assert path[0] == path[-1]
    assert set(path) == {"a", "b", "c"}
    assert cycle(NEEDS) == []
    assert cycle({"a": ["a"]}) == ["a", "a"]


def test_reachable_goes_to_any_depth() -> None:
    assert reachable(NEEDS, ["percent"]) == {"percent", "roi", "profit", "revenue", "spend"}
    assert reachable(NEEDS, ["spend"]) == {"spend"}


# ---------------------------------------------------------------- the SQL computes what the text says

Row = dict[str, Any]
Evaluate = Callable[[Row], Any]


class Made(NamedTuple):
    """A random expression: its text with few brackets, how tightly its outermost sign binds, and what it is of a row."""

    text: str
    binds: int
    value: Evaluate
    full: str  # the text with all brackets


# OR 1, AND 2, NOT 3, comparison 4, sum 5, product 6, sign 7, atom 8
ATOM = 8


def within(made: Made, binds: int) -> str:
    return made.text if made.binds >= binds else f"({made.text})"


def strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL as soon as one argument is."""
    return lambda *values: None if any(value is None for value in values) else function(*values)


def remainder(a: float, b: float) -> float | None:
    return None if b == 0 else math.fmod(a, b)


def half_up(a: float) -> int:
    """Halves go away from zero."""
    return int(math.copysign(math.floor(abs(a) + 0.5), a))


def both(a: Any, b: Any) -> Any:
    return False if a is False or b is False else None if a is None or b is None else True


def negated(a: Any) -> Any:
    return None if a is None else not a


def either(a: Any, b: Any) -> Any:
    return negated(both(negated(a), negated(b)))


ARITHMETIC: dict[str, tuple[int, Callable[..., Any]]] = {
    "+": (5, strict(lambda a, b: a + b)),
    "-": (5, strict(lambda a, b: a - b)),
    "*": (6, strict(lambda a, b: a * b)),
    "/": (6, strict(lambda a, b: None if b == 0 else a / b)),
    "%": (6, strict(remainder)),
}
COMPARISONS: dict[str, Callable[..., Any]] = {
    "=": strict(lambda a, b: a == b),
    "<>": strict(lambda a, b: a != b),
    "<": strict(lambda a, b: a < b),
    "<=": strict(lambda a, b: a <= b),
    ">": strict(lambda a, b: a > b),
    ">=": strict(lambda a, b: a >= b),
}
ROUNDINGS: dict[str, Callable[..., Any]] = {
    "abs": strict(abs),
    "ceil": strict(math.ceil),
    "floor": strict(math.floor),
    "round": strict(half_up),
    "sqrt": strict(lambda a: math.sqrt(a) if a >= 0 else None),
}


def known(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None]


NAMES = ["a", "b", "c"]
FLAGS = ["p", "q"]


def column(name: str) -> Made:
    return Made(name, ATOM, lambda row: row[name], name)


def constant(text: str) -> Made:
    return Made(text, ATOM, lambda _: float(text), text)


def negative(part: Made) -> Made:
    return Made(f"- {within(part, 7)}", 7, lambda row: strict(lambda a: -a)(part.value(row)), f"(- {part.full})")


def arithmetic(sign: str, left: Made, right: Made) -> Made:
    binds, function = ARITHMETIC[sign]
    text = f"{within(left, binds)} {sign} {within(right, binds + 1)}"
    return Made(text, binds, lambda row: function(left.value(row), right.value(row)), f"({left.full} {sign} {right.full})")


def comparison(sign: str, left: Made, right: Made) -> Made:
    text = f"{within(left, 5)} {sign} {within(right, 5)}"
    full = f"({left.full} {sign} {right.full})"
    return Made(text, 4, lambda row: COMPARISONS[sign](left.value(row), right.value(row)), full)


def between(value: Made, low: Made, high: Made, no: bool) -> Made:
    def evaluate(row: Row) -> Any:
        a = value.value(row)
        held = both(COMPARISONS[">="](a, low.value(row)), COMPARISONS["<="](a, high.value(row)))
        return negated(held) if no else held

    word = "NOT BETWEEN" if no else "BETWEEN"
    text = f"{within(value, 5)} {word} {within(low, 5)} AND {within(high, 5)}"
    return Made(text, 4, evaluate, f"({value.full} {word} {low.full} AND {high.full})")


def among(value: Made, items: Sequence[Made], no: bool) -> Made:
    def evaluate(row: Row) -> Any:
        held: Any = False
        for item in items:
            held = either(held, COMPARISONS["="](value.value(row), item.value(row)))
        return negated(held) if no else held

    word = "NOT IN" if no else "IN"
    inside = ", ".join(item.text for item in items)
    return Made(f"{within(value, 5)} {word} ({inside})", 4, evaluate, f"({value.full} {word} ({inside}))")


def missing(value: Made, no: bool) -> Made:
    word = "IS NOT NULL" if no else "IS NULL"
    return Made(f"{within(value, 5)} {word}", 4, lambda row: (value.value(row) is None) is not no, f"({value.full} {word})")


def joined(word: str, left: Made, right: Made) -> Made:
    binds, function = {"AND": (2, both), "OR": (1, either)}[word]
    text = f"{within(left, binds + 1)} {word} {within(right, binds + 1)}"
    return Made(text, binds, lambda row: function(left.value(row), right.value(row)), f"({left.full} {word} {right.full})")


def not_(part: Made) -> Made:
    return Made(f"NOT {within(part, 3)}", 3, lambda row: negated(part.value(row)), f"(NOT {part.full})")


def called(name: str, parts: Sequence[Made], function: Callable[..., Any]) -> Made:
    def evaluate(row: Row) -> Any:
        return function(*(part.value(row) for part in parts))

    text, full = ", ".join(part.text for part in parts), ", ".join(part.full for part in parts)
    return Made(f"{name}({text})", ATOM, evaluate, f"{name}({full})")


def chosen(condition: Made, left: Made, right: Made | None) -> Made:
    def evaluate(row: Row) -> Any:
        return left.value(row) if condition.value(row) is True else right.value(row) if right else None

    otherwise, full = (f" ELSE {right.text}", f" ELSE {right.full}") if right else ("", "")
    text = f"CASE WHEN {condition.text} THEN {left.text}{otherwise} END"
    return Made(text, ATOM, evaluate, f"CASE WHEN {condition.full} THEN {left.full}{full} END")


LEAVES = st.sampled_from(NAMES).map(column) | st.sampled_from(["0", "1", "2", "3", "0.5", "10", "0.1", "2.25"]).map(constant)
ROUNDED = st.builds(lambda name, part: called(name, [part], ROUNDINGS[name]), st.sampled_from(sorted(ROUNDINGS)), LEAVES)
TRUTHS = st.sampled_from(FLAGS).map(column)


def numbers(inner: st.SearchStrategy[Made], truths: st.SearchStrategy[Made]) -> st.SearchStrategy[Made]:
    return (
        st.builds(arithmetic, st.sampled_from(sorted(ARITHMETIC)), inner, inner)
        | st.builds(negative, inner)
        | st.builds(lambda a, b: called("coalesce", [a, b], lambda *v: next(iter(known(v)), None)), inner, inner)
        | st.builds(lambda a, b: called("nullif", [a, b], lambda x, y: None if x is not None and x == y else x), inner, inner)
        | st.builds(lambda a, b, c: called("least", [a, b, c], lambda *v: min(known(v), default=None)), inner, inner, inner)
        | st.builds(lambda a, b: called("greatest", [a, b], lambda *v: max(known(v), default=None)), inner, inner)
        | st.builds(lambda p, a, b: called("if", [p, a, b], lambda x, y, z: y if x is True else z), truths, inner, inner)
        | st.builds(chosen, truths, inner, inner | st.none())
    )


def conditions(inner: st.SearchStrategy[Made], truths: st.SearchStrategy[Made]) -> st.SearchStrategy[Made]:
    return (
        st.builds(comparison, st.sampled_from(sorted(COMPARISONS)), inner, inner)
        | st.builds(between, inner, inner, inner, st.booleans())
        | st.builds(among, inner, st.lists(inner, min_size=1, max_size=3), st.booleans())
        | st.builds(missing, inner, st.booleans())
        | st.builds(joined, st.sampled_from(["AND", "OR"]), truths, truths)
        | st.builds(not_, truths)
    )


SMALL = LEAVES | ROUNDED
SMALL_TRUTHS = TRUTHS | conditions(SMALL, TRUTHS)
MIDDLE = SMALL | numbers(SMALL, SMALL_TRUTHS)
MIDDLE_TRUTHS = SMALL_TRUTHS | conditions(MIDDLE, SMALL_TRUTHS)
LARGE = MIDDLE | numbers(MIDDLE, MIDDLE_TRUTHS)
LARGE_TRUTHS = MIDDLE_TRUTHS | conditions(LARGE, MIDDLE_TRUTHS)

SCOPE = Scope({**dict.fromkeys(NAMES, Type.DOUBLE), **dict.fromkeys(FLAGS, Type.BOOLEAN)}, "metric")
ROWS: list[Row] = [
    dict(zip([*NAMES, *FLAGS], values, strict=True))
    for values in [
        (0.0, 0.0, 0.0, True, False),
        (1.0, 2.0, 3.0, True, True),
        (None, 1.0, 0.0, None, True),
        (2.0, None, 0.5, False, None),
        (None, None, None, None, None),
        (-1.5, 2.5, -3.0, False, True),
        (0.1, 0.2, 0.3, True, None),
        (10.0, -2.0, 7.25, False, False),
        (3.0, 3.0, -0.5, None, False),
    ]
]


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """The rows as a table, set up as the engine of the tool is."""
    with duckdb.connect() as connection:
        configure(connection, "Asia/Ho_Chi_Minh")
        connection.execute("CREATE TABLE t (n INTEGER, a DOUBLE, b DOUBLE, c DOUBLE, p BOOLEAN, q BOOLEAN)")
        for n, row in enumerate(ROWS):
            connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", [n, *row.values()])
        yield connection


@settings(max_examples=120, deadline=None)
@given(made=LARGE)
def test_numbers_are_what_python_makes_of_them(engine: duckdb.DuckDBPyConnection, made: Made) -> None:
    expression = compile_text(made.text, SCOPE, "number")
    rows = engine.execute(f"SELECT CAST({over_totals(expression.tree)} AS DOUBLE) FROM t ORDER BY n").fetchall()
    assert [value for (value,) in rows] == [made.value(row) for row in ROWS], made.text


@settings(max_examples=120, deadline=None)
@given(made=LARGE_TRUTHS)
def test_conditions_are_what_python_makes_of_them(engine: duckdb.DuckDBPyConnection, made: Made) -> None:
    expression = compile_text(made.text, SCOPE, "boolean")
    rows = engine.execute(f"SELECT {over_totals(expression.tree)} FROM t ORDER BY n").fetchall()
    assert [value for (value,) in rows] == [made.value(row) for row in ROWS], made.text


@settings(max_examples=120, deadline=None)
@given(made=LARGE | LARGE_TRUTHS)
def test_brackets_that_change_nothing_change_nothing(made: Made) -> None:
    """Precedence and associativity: the text with few brackets is the text with all of them."""
    assert canonical(parse(made.text)) == canonical(parse(made.full))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 / 2", 3.5),
        ("7 % 4", 3.0),
        ("-7 % 4", -3.0),
        ("1 - 2 - 3", -4.0),
        ("2 * 3 + 4 * 5", 26.0),
        ("100 / 10 / 5", 2.0),
        ("- 2 * - 3", 6.0),
        ("2 - -2", 4.0),
        ("0.1 + 0.2", 0.30000000000000004),
        ("round(2.5) + round(-2.5) + round(0.49999)", 0.0),
        ("ceil(1.1) + floor(-1.1)", 0.0),
        ("if(1 > 2, 1, if(2 > 1, 2, 3))", 2.0),
        ("CASE WHEN 1 = 2 THEN 1 WHEN 1 = 1 THEN 2 ELSE 3 END", 2.0),
        ("CASE WHEN NULL THEN 1 END", None),
        ("1 / 0", None),
        ("0 / 0", None),
        ("1 % 0", None),
        (" * ".join(["1e37"] * 9), None),
        ("-" + " * ".join(["1e37"] * 9), None),
        (" * ".join(["1e37"] * 8), math.prod([1e37] * 8)),
        ("sqrt(-1)", None),
        ("NULL + 1", None),
        ("coalesce(1 / 0, 5)", 5.0),
        ("least(NULL, 2, 3)", 2.0),
        ("1 / 3", 1 / 3),
        ("9007199254740993 - 9007199254740992", 0.0),  # doubles: the constants are the same number
    ],
)
def test_formulas_by_hand(engine: duckdb.DuckDBPyConnection, text: str, value: float | None) -> None:
    """In double precision; whatever is no finite number is NULL, in the end by the guard around every formula."""
    sql = over_totals(compile_text(text, SCOPE, "number").tree)
    guarded = f"SELECT CASE WHEN isfinite(x) THEN x END FROM (SELECT CAST({sql} AS DOUBLE) AS x)"
    (found,) = engine.execute(guarded).fetchone() or ()
    assert found == value


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0 > 0.7",
        "0 / 0 > 0.7",
        "0 / 0 <> 0.7",
        "(a - a) / (b - b) > 0.7",
        "1 % 0 >= 0",
        "sqrt(-1) > 0",
        "NULL > 0.7",
    ],
)
def test_no_data_is_never_a_pass(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    sql = over_totals(compile_text(text, SCOPE, "boolean").tree)
    assert {value for (value,) in engine.execute(f"SELECT {sql} FROM t").fetchall()} <= {None}


EXACT = Scope({"amount": Type.DECIMAL, "units": Type.INTEGER, "city": Type.TEXT}, "column", {"amount": 2})


@pytest.mark.parametrize(
    ("text", "want", "value"),
    [
        ("amount + 0.2", "number", "0.30"),
        ("amount * 3", "number", "0.30"),
        ("amount + 0.2 = 0.3", "boolean", "True"),
        ("units - 9007199254740992", "number", "1"),
        ("units * 9007199254740993 * 9007199254740993", "number", "None"),  # beyond 64 bits there is no value
        ("units % 2", "number", "1"),
        ("city = 'it''s; DROP TABLE t'", "boolean", "True"),
        ("length(city)", "number", "18"),
        ("city LIKE 'it_s%'", "boolean", "True"),
        ("starts_with(city, 'it') AND contains(city, 'DROP') AND NOT contains(city, 'drop')", "boolean", "True"),
        ("upper(lower(city)) = upper(city) AND trim('  x ') = 'x'", "boolean", "True"),
    ],
)
def test_orders_keep_their_exact_types(text: str, want: str, value: str) -> None:
    with duckdb.connect() as connection:
        values = "0.10::DECIMAL(18,2) AS amount, 9007199254740993 AS units, 'it''s; DROP TABLE t' AS city"
        connection.execute(f"CREATE TABLE t AS SELECT {values}")
        sql = over_orders(compile_text(text, EXACT, want).tree)
        (found,) = connection.execute(f"SELECT {sql} FROM t").fetchone() or ()
    assert str(found) == value


@pytest.mark.parametrize(
    "text",
    [
        "amount < 1e400",
        "amount * 1e400",
        "amount + 1e39",
        "units = 123456789012345678901234567890123456789012345678901234567890",
        " * ".join(["amount"] * 10),
        " * ".join(["amount"] * 20),
        "amount * 1.00000000000000000000000000000000000001 * 1.00000000000000000000000000000000000001",
    ],
)
def test_what_the_engine_cannot_hold_is_refused_or_no_value(text: str) -> None:
    """It must not be accepted by `check` and then stop every run."""
    for want in ("number", "boolean"):
        try:
            expression = compile_text(text, EXACT, want)
        except FormulaErrors:
            continue
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE t AS SELECT 0.10::DECIMAL(18,2) AS amount, 5::BIGINT AS units, 'x' AS city")
            connection.execute(f"SELECT {over_orders(expression.tree)} FROM t").fetchall()


VALUES = {
    Type.DECIMAL: "5.5::DECIMAL(18,2)",
    Type.INTEGER: "5",
    Type.TEXT: "'VIP x'",
    Type.TIMESTAMP: "TIMESTAMPTZ '2024-05-06 07:08:09+00'",
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_an_example_that_compiles_and_runs(name: str) -> None:
    """The examples are what users copy from the documentation."""
    function = FUNCTIONS[name]
    types = {
        **dict.fromkeys(["fare", "distance", "arr_delay"], Type.DECIMAL),
        **dict.fromkeys(["trips", "a", "b", "discount"], Type.INTEGER),
        **dict.fromkeys(["city", "service_id", "id"], Type.TEXT),
        "final_at": Type.TIMESTAMP,
    }
    assert function.example.startswith(name) or name in function.example
    want = "boolean" if function.gives is Type.BOOLEAN or ">=" in function.example else "number"
    text = function.example
    if function.gives in (Type.TEXT, Type.DATE) or text == "nullif(city, '')":
        text, want = f"{text} IS NULL", "boolean"
    expression = compile_text(text, Scope(types, "column"), want)
    values = ", ".join(f"{VALUES[kind]} AS {name}" for name, kind in types.items())
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT {values}")
        (found,) = connection.execute(f"SELECT {over_orders(expression.tree)} FROM t").fetchone() or ()
    assert found is not None
