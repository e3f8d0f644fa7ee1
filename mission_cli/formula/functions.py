"""The one table of operators and functions: what they take, what they give, and their DuckDB text.

No text has an argument twice: what is nested thirty deep would be written, and computed, a thousand million times. That rules
out NULLIF too, which DuckDB spells out as a CASE. Divisors need no guard against 0: see `store.database.configure`.
"""

from __future__ import annotations

from dataclasses import dataclass

from mission_cli.model.expression import Type


@dataclass(frozen=True, slots=True)
class Function:
    """One operator or function.

    `takes` has one word per argument: number, text, boolean, time (date or timestamp), timestamp, any, or same (comparable
    with the other `same` arguments). A last word ending in `*` may repeat. `gives` is a type, or `same` (that of the `same`
    arguments, or the widest number among the arguments). `sql` has {0}, {1} … or {all} for the arguments joined by commas.
    """

    takes: tuple[str, ...]
    gives: Type | str
    sql: str
    says: str
    example: str = ""

    @property
    def least(self) -> int:
        """The smallest number of arguments."""
        return len(self.takes)

    @property
    def repeats(self) -> bool:
        """Whether the last argument may be given any number of times."""
        return self.takes[-1].endswith("*")

    def word(self, index: int) -> str:
        """What the argument at `index` must be."""
        return self.takes[min(index, len(self.takes) - 1)].rstrip("*")


def widest(kinds: list[Type]) -> Type:
    """The type that holds values of all these: among numbers double over decimal over integer."""
    for kind in (Type.DOUBLE, Type.DECIMAL, Type.INTEGER, Type.TIMESTAMP):
        if kind in kinds:
            return kind
    return next((kind for kind in kinds if kind is not Type.NULL), Type.NULL)


_COMPARABLE = ("same", "same")
_NUMBERS = ("number", "number")

OPERATORS: dict[str, Function] = {
    "+": Function(_NUMBERS, "same", "TRY({0} + {1})", "sum"),
    "-": Function(_NUMBERS, "same", "TRY({0} - {1})", "difference"),
    "*": Function(_NUMBERS, "same", "TRY({0} * {1})", "product"),
    "/": Function(_NUMBERS, Type.DOUBLE, "({0} / {1})", "quotient; NULL when divided by 0"),
    "%": Function(_NUMBERS, "same", "TRY({0} % {1})", "remainder; NULL when divided by 0"),
    "negative": Function(("number",), "same", "TRY(- {0})", "negation"),
    "=": Function(_COMPARABLE, Type.BOOLEAN, "({0} = {1})", "equal"),
    "<>": Function(_COMPARABLE, Type.BOOLEAN, "({0} <> {1})", "not equal"),
    "<": Function(_COMPARABLE, Type.BOOLEAN, "({0} < {1})", "less"),
    "<=": Function(_COMPARABLE, Type.BOOLEAN, "({0} <= {1})", "at most"),
    ">": Function(_COMPARABLE, Type.BOOLEAN, "({0} > {1})", "greater"),
    ">=": Function(_COMPARABLE, Type.BOOLEAN, "({0} >= {1})", "at least"),
    "and": Function(("boolean", "boolean*"), Type.BOOLEAN, "({all})", "all hold"),
    "or": Function(("boolean", "boolean*"), Type.BOOLEAN, "({all})", "one holds"),
    "not": Function(("boolean",), Type.BOOLEAN, "(NOT {0})", "does not hold"),
    "in": Function(("same", "same*"), Type.BOOLEAN, "({0} IN ({rest}))", "one of"),
    "between": Function(("same", "same", "same"), Type.BOOLEAN, "({0} BETWEEN {1} AND {2})", "from … to …"),
    "like": Function(("text", "text"), Type.BOOLEAN, "({0} LIKE {1})", "matches a pattern with % and _"),
    "is_null": Function(("any",), Type.BOOLEAN, "({0} IS NULL)", "is missing"),
    "case": Function(("boolean", "same*"), "same", "", "the first branch that holds"),
}

FUNCTIONS: dict[str, Function] = {
    "abs": Function(("number",), "same", "TRY(abs({0}))", "without its sign", "abs(arr_delay)"),
    "ceil": Function(("number",), Type.INTEGER, "TRY(CAST(ceil({0}) AS BIGINT))", "next whole number up", "ceil(distance / 10)"),
    "floor": Function(
        ("number",), Type.INTEGER, "TRY(CAST(floor({0}) AS BIGINT))", "next whole number down", "floor(fare / 1000)"
    ),
    "round": Function(
        ("number",), Type.INTEGER, "TRY(CAST(round({0}) AS BIGINT))", "nearest whole number, halves away from zero", "round(fare)"
    ),
    "sqrt": Function(("number",), Type.DOUBLE, "TRY(sqrt(CAST({0} AS DOUBLE)))", "square root", "sqrt(distance)"),
    "least": Function(("same", "same*"), "same", "least({all})", "the smallest that is not NULL", "least(trips, 45)"),
    "greatest": Function(("same", "same*"), "same", "greatest({all})", "the largest that is not NULL", "greatest(a, b)"),
    "coalesce": Function(("same", "same*"), "same", "coalesce({all})", "the first that is not NULL", "coalesce(discount, 0)"),
    "nullif": Function(
        _COMPARABLE,
        "same",
        "list_transform([{{'a': {0}, 'b': {1}}}], lambda _v: CASE WHEN _v.a = _v.b THEN NULL ELSE _v.a END)[1]",
        "NULL when both are equal",
        "nullif(city, '')",
    ),
    "if": Function(
        ("boolean", "same", "same"), "same", "CASE WHEN {0} THEN {1} ELSE {2} END", "one or the other", "if(fare > 0, 1, 0)"
    ),
    "lower": Function(("text",), Type.TEXT, "lower({0})", "in small letters", "lower(city)"),
    "upper": Function(("text",), Type.TEXT, "upper({0})", "in capitals", "upper(city)"),
    "trim": Function(("text",), Type.TEXT, "trim({0})", "without blanks at both ends", "trim(city)"),
    "length": Function(("text",), Type.INTEGER, "length({0})", "number of characters", "length(service_id)"),
    "starts_with": Function(("text", "text"), Type.BOOLEAN, "starts_with({0}, {1})", "begins with", "starts_with(id, 'VIP')"),
    "contains": Function(("text", "text"), Type.BOOLEAN, "contains({0}, {1})", "has within it", "contains(id, 'PARTNER')"),
    "date": Function(("time",), Type.DATE, "CAST({0} AS DATE)", "local date", "date(final_at)"),
    "year": Function(("time",), Type.INTEGER, "year({0})", "local year", "year(final_at)"),
    "month": Function(("time",), Type.INTEGER, "month({0})", "1 to 12", "month(final_at)"),
    "day": Function(("time",), Type.INTEGER, "day({0})", "day of the month, 1 to 31", "day(final_at)"),
    "weekday": Function(("time",), Type.INTEGER, "isodow({0})", "1 Monday to 7 Sunday", "weekday(final_at) >= 6"),
    "hour": Function(("timestamp",), Type.INTEGER, "hour({0})", "local hour, 0 to 23", "hour(final_at) >= 17"),
    "minute": Function(("timestamp",), Type.INTEGER, "minute({0})", "0 to 59", "minute(final_at)"),
}
