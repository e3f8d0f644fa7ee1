"""The shape of both TOML files: which keys there are and of what kind. What they mean together is checked in `build`."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from mission_cli.model.calendar import MOST_DAYS, WindowKind
from mission_cli.model.metrics import InDay, OverDays

_KINDS = {
    bool: "true or false",
    int: "a number",
    Decimal: "a number",
    str: "text",
    list: "a list",
    dict: "a table",
    date: "a date",
}


def kind_of(value: object) -> str:
    """What a user would call the value."""
    return next((name for kind, name in _KINDS.items() if type(value) is kind), f"a {type(value).__name__}")


def refuse(message: str, hint: str = "") -> PydanticCustomError:
    """A mistake in our own words."""
    return PydanticCustomError("missionctl", "{message}", {"message": message, "hint": hint})


def _foreign(why: str, hint: str) -> Any:
    """A validator for a key that belongs to other methods, where one may well look for it."""

    def check(_value: object) -> object:
        raise refuse(why, hint)

    return BeforeValidator(check)


def number(value: object) -> Decimal:
    """A finite number of the configuration. Raises PydanticCustomError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if not isinstance(value, Decimal):
        raise refuse(f"must be a number, not {kind_of(value)}", "without quotes" if isinstance(value, str) else "")
    if not value.is_finite() or abs(value) > Decimal(sys.float_info.max):
        raise refuse("must be a finite number")
    return value


def _date(value: object) -> object:
    if type(value) is not date:
        raise refuse(f"must be a date, not {kind_of(value)}", "written like 2026-10-31, without quotes")
    return value


def _formula(value: object) -> object:
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise refuse(f"must be a number or a formula, not {kind_of(value)}")
    return value if isinstance(value, str) else number(value)


def _length(value: object) -> object:
    if isinstance(value, Decimal):
        raise refuse(f"must be whole days, not {value}", "such as 28")
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse(f"must be a number of days, not {kind_of(value)}", "such as 28")
    if not 1 <= value <= MOST_DAYS:
        raise refuse(f"{value} days are no window", f"at least 1, a single day, and at most {MOST_DAYS}")
    return value


def _card(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise refuse("must be the number of a question", "such as 42, the one in its address")
    return value


def _words(value: object) -> object:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise refuse("must be text, or a list of texts")
    return words


def _said(value: object) -> object:
    """Text, or a table of language → text: English if it is there, else the first."""
    if isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values()):
        return value.get("en", next(iter(value.values())))
    if not isinstance(value, str):
        raise refuse('must be text, or a table of languages such as { en = "…", vi = "…" }')
    return value


def choice(*words: str) -> Any:
    """A validator for one of `words`."""

    def check(value: object) -> object:
        if value in words:
            return value
        listed = f"one of: {', '.join(words)}"
        if not isinstance(value, str):
            raise refuse(f"must be text, not {kind_of(value)}", listed)
        near = get_close_matches(value.upper(), words, n=1) or get_close_matches(value, words, n=1)
        raise refuse(f'"{value}" is not known here', f'did you mean "{near[0]}"?' if near else listed)

    return BeforeValidator(check)


Foreign = object  # a key of other methods, with a validator that says so
Number = Annotated[Decimal, BeforeValidator(number)]
Day = Annotated[date, BeforeValidator(_date)]
Words = Annotated[list[str], BeforeValidator(_words)]
Formula = Annotated[str | Decimal, BeforeValidator(_formula)]
Length = Annotated[int, BeforeValidator(_length)]
Said = Annotated[str, BeforeValidator(_said)]


class Table(BaseModel):
    """A TOML table: unknown keys are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=False)


class RawProject(Table):
    name: str
    timezone: str
    day_start: str = "00:00"
    rules: Annotated[str, choice("keep", "restate")] = "keep"


class RawColumn(Table):
    type: str
    required: bool = False
    one_of: Words | None = None
    min: Number | None = None
    header: str | None = Field(None, alias="from")
    timezone: str | None = None


class RawCsv(Table):
    delimiter: str = ","
    null: Annotated[list[str], Field(min_length=1)] = [""]
    decimal: Annotated[str, choice(".", ",")] = "."
    timestamp_format: Words = []
    quote: str = '"'
    encoding: Annotated[str, choice("utf-8", "latin-1", "utf-16")] = "utf-8"


class RawSource(Table):
    files: Words
    key: Words
    supplier: str
    time: str
    updated: str | None = None
    final: str | None = None
    max_rejects: Number = Decimal("0.01")
    csv: RawCsv = RawCsv()
    columns: dict[str, RawColumn]


_OVER_DAYS = "remove it; what becomes of several days is told by over_days"
_SELECT = "remove it, and select the orders where the number comes from"
_OF_FORMULAS = "goes with values of orders, and a formula has none: it is over other metrics"


class RawDailyMetric(Table):
    description: Said = ""
    source: str
    method: str
    data_type: str = "decimal"
    default_value: Number | None = None
    over_days: Annotated[str | None, choice(*OverDays)] = None
    days_where: str | None = None


class RawOfOrders(RawDailyMetric):
    where: str | None = None
    day: Annotated[str, choice(*InDay)] = "sum"


class RawSingleValue(RawOfOrders):
    value: Number


class RawExpression(RawOfOrders):
    expression: str


class RawGiven(RawDailyMetric):
    """Metrics whose numbers of days are given by something else than orders."""

    day: Annotated[Foreign, _foreign("goes with values of orders, but here the number of a day is given", _OVER_DAYS)] = None
    where: Annotated[Foreign, _foreign("goes with values of orders, but here the number of a day is given", _SELECT)] = None


class RawSql(RawGiven):
    file: str


class RawPython(RawGiven):
    function: str


class RawMetabase(RawGiven):
    metabase_card_id: Annotated[int, BeforeValidator(_card)]


class RawFormula(Table):
    description: Said = ""
    method: str
    day: Annotated[Foreign, _foreign(_OF_FORMULAS, 'remove it; grain = "day" evaluates the formula on each day')] = None
    where: Annotated[Foreign, _foreign(_OF_FORMULAS, "remove it, and write it into the metrics that the formula names")] = None
    formula: str
    default_value: Number | None = None
    grain: Annotated[str | None, choice("day")] = None
    over_days: Annotated[str | None, choice(*OverDays)] = None
    days_where: str | None = None


class RawMethod(Table):
    """Only the choice of the method; which other keys there are depends on it."""

    model_config = ConfigDict(extra="ignore", strict=True)
    method: Annotated[str, choice("single_value", "expression", "formula", "sql", "python", "metabase")]


METHODS: dict[str, type[Table]] = {
    "single_value": RawSingleValue,
    "expression": RawExpression,
    "sql": RawSql,
    "python": RawPython,
    "metabase": RawMetabase,
    "formula": RawFormula,
}


class RawSuppliers(Table):
    file: str
    key: str
    alias: str | None = None
    columns: dict[str, str] = {}


class RawWindow(Table):
    kind: Annotated[str, choice(*WindowKind)]


class RawFixed(RawWindow):
    start: Day
    end: Day


class RawWeek(RawWindow):
    start: Annotated[str, choice("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")] = "MON"


class RawRolling(RawWindow):
    days: Length


class RawSince(RawWindow):
    field: str
    days: Length


class RawAssigned(RawWindow):
    file: str


class RawWindowKind(RawWindow):
    """Only the choice of the kind."""

    model_config = ConfigDict(extra="ignore", strict=True)


WINDOWS: dict[str, type[RawWindow]] = {
    "fixed": RawFixed,
    "week": RawWeek,
    "day": RawWindow,
    "month": RawWindow,
    "rolling": RawRolling,
    "since": RawSince,
    "assigned": RawAssigned,
}


class RawTier(Table):
    name: str
    val: Number
    reward: Formula | None = None


class RawMinVolume(Table):
    metric: str
    val: Number
    below: Annotated[str, choice("unmet", "met")] = "unmet"


class RawSegment(Table):
    where: str | None = None
    val: Any


class RawCondition(Table):
    name: str
    formula: str
    type: Annotated[str, choice("GT", "GTE", "LT", "LTE", "EQ", "NE", "BETWEEN")]
    val: Any = None
    no_data: Annotated[str, choice("unmet", "met")] = "unmet"
    role: Annotated[str, choice("goal", "gate", "guard")] = "goal"
    tiers: Annotated[list[RawTier], Field(min_length=1)] | None = None
    min_volume: RawMinVolume | None = None


class RawLimits(Table):
    per_supplier: Number | None = None
    budget: Number | None = None


class RawMission(Table):
    title: Said = ""
    window: dict[str, Any]
    suppliers: str | None = None
    require: str = "all"
    grace_days: int = Field(0, ge=0, le=366)
    reward: Formula | None = None
    limits: RawLimits | None = None
    conditions: list[Any] = Field(min_length=1)
