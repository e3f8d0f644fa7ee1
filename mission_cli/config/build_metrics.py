"""metrics.toml: [metrics] → records whose expressions and formulas are checked, in the order of the file."""

from __future__ import annotations

import ast
import errno
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from mission_cli.config.parts import RESERVED_METRICS, column_scope, compiled, valid_id
from mission_cli.config.raw import (
    METHODS,
    RawDailyMetric,
    RawExpression,
    RawFormula,
    RawMethod,
    RawOfOrders,
    RawPython,
    RawSingleValue,
    RawSql,
)
from mission_cli.config.read import Names, TomlFile
from mission_cli.config.types import (
    METRIC_TYPES,
    metric_type,
)
from mission_cli.formula.check import Scope, compile_text
from mission_cli.formula.graph import cycle, order
from mission_cli.formula.roll_sql import DAY_VALUE
from mission_cli.model.columns import DataType
from mission_cli.model.expression import Expression, Type
from mission_cli.model.metrics import (
    COMPOSED,
    DailyMetric,
    DayFormulaMetric,
    FormulaMetric,
    InDay,
    Method,
    Metric,
    MetricId,
    OverDays,
)
from mission_cli.model.project import Source, SourceId


def build_metrics(file: TomlFile, sources: list[Source]) -> list[Metric]:
    """Every metric that is right, in the order of the file; the others leave problems."""
    names, raws = Names(), dict[str, Any]()
    for name, table in file.section("metrics").items():
        path = ("metrics", name)
        if not valid_id(file, path, names, RESERVED_METRICS):
            continue
        method = file.shaped(RawMethod, table, path)
        raw = file.shaped(METHODS[method.method], table, path) if method is not None else None
        raws[name] = raw
    formulas = {name: raw for name, raw in raws.items() if isinstance(raw, RawFormula)}
    metrics: dict[str, Metric] = {}
    known_sources = {source.id: source for source in sources}
    for name, raw in raws.items():
        if isinstance(raw, RawDailyMetric):
            metric = _daily(file, MetricId(name), raw, known_sources)
            if metric is not None:
                metrics[name] = metric
    metrics |= _formulas(file, formulas, dict.fromkeys(raws, Type.DOUBLE))
    return [metrics[name] for name in raws if name in metrics]


def _daily(file: TomlFile, metric: MetricId, raw: RawDailyMetric, sources: dict[SourceId, Source]) -> DailyMetric | None:
    path, before = ("metrics", metric), len(file.problems)
    data_type = metric_type(raw.data_type)
    if data_type is None:
        file.problem((*path, "data_type"), f'"{raw.data_type}" is not a type of metrics', f"types: {METRIC_TYPES}")
    elif raw.default_value is not None and not _holds(data_type, raw.default_value):
        file.problem((*path, "default_value"), f"{raw.default_value} does not fit {raw.data_type}")
    source = sources.get(SourceId(raw.source))
    if source is None and raw.source not in file.section("sources"):
        listed = tuple(file.section("sources"))
        near = get_close_matches(raw.source, listed, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"sources: {', '.join(listed)}"
        file.problem((*path, "source"), f'unknown source "{raw.source}"', hint)
    if source is None or data_type is None:
        return None
    scope = column_scope(source.columns)
    where = getattr(raw, "where", None)
    condition = compiled(file, (*path, "where"), where, scope, "boolean") if where is not None else None
    expression, code, function = _origin(file, path, raw, scope, data_type)
    in_day = InDay(raw.day) if isinstance(raw, RawOfOrders) else InDay.SUM
    over_days = OverDays(raw.over_days) if raw.over_days is not None else COMPOSED[in_day]
    _composes(file, path, in_day if isinstance(raw, RawOfOrders) else None, over_days)
    days_where = _days_where(file, path, over_days, raw.days_where)
    if len(file.problems) > before:
        return None
    return DailyMetric(
        metric,
        raw.description,
        source.id,
        Method(raw.method),
        data_type,
        raw.default_value,
        condition,
        expression,
        raw.function.rpartition(":")[0] if isinstance(raw, RawPython) else getattr(raw, "file", ""),
        code,
        function,
        getattr(raw, "metabase_card_id", 0),
        in_day,
        over_days,
        days_where,
    )


def _origin(
    file: TomlFile, path: tuple[str, str], raw: RawDailyMetric, scope: Scope, data_type: DataType
) -> tuple[Expression | None, str, str]:
    """Where the numbers come from: the value of an order, or code and the function in it."""
    match raw:
        case RawSingleValue():
            return _constant(file, path, raw, data_type), "", ""
        case RawExpression():
            counts = raw.day in (InDay.COUNT, InDay.DISTINCT)
            expression = compiled(file, (*path, "expression"), raw.expression, scope, "any" if counts else "number")
            if not counts:
                _exact(file, path, expression, data_type)
            return expression, "", ""
        case RawSql():
            return None, _text_of(file, (*path, "file"), raw.file, "sql/peak_trips.sql"), ""
        case RawPython():
            return None, *_python(file, path, raw.function)
        case _:
            return None, "", ""


def _composes(file: TomlFile, path: tuple[str, str], in_day: InDay | None, over_days: OverDays) -> None:
    """Refuse what the numbers of days cannot give exactly. `in_day`: of orders; None when the day's number is given."""
    where = (*path, "over_days")
    if over_days is OverDays.SUM and in_day is InDay.DISTINCT:
        hint = 'over_days = "distinct" counts each value of the window once'
        file.problem(
            where, "numbers of different values do not add up: one that comes on several days would count for each", hint
        )
    if over_days is OverDays.SUM and in_day is InDay.AVG:
        hint = 'over_days = "avg" is the mean over all orders of the window'
        file.problem(where, "means of days do not add up", hint)
    if over_days is OverDays.DISTINCT and in_day is not InDay.DISTINCT:
        hint = 'write day = "distinct" with it, or another word' if in_day is not None else "choose another word"
        file.problem(where, "a day's number no longer tells its different values", hint)


def _days_where(file: TomlFile, path: tuple[str, str], over_days: OverDays, text: str | None) -> Expression | None:
    """The condition on a day's value, which `days` and `streak` need and nothing else has."""
    needs_where = over_days in (OverDays.DAYS, OverDays.STREAK)
    if needs_where and text is None:
        file.problem((*path, "over_days"), f'"{over_days}" needs a "days_where"', 'such as days_where = "value >= 0.9"')
    elif text is not None and not needs_where:
        file.problem((*path, "days_where"), f'goes with over_days = "days" or "streak", not "{over_days}"', "remove it")
    elif text is not None:
        return compiled(file, (*path, "days_where"), text, Scope({DAY_VALUE: Type.DOUBLE}, "name"), "boolean")
    return None


def _constant(file: TomlFile, path: tuple[str, str], raw: RawSingleValue, data_type: DataType) -> Expression | None:
    if not _holds(data_type, raw.value):
        file.problem((*path, "value"), f"{raw.value} does not fit {raw.data_type}", 'data_type = "decimal" has 9 places')
        return None
    return compile_text(f"{raw.value:f}", Scope({}, "column"), "number")


def _holds(data_type: DataType, value: Decimal) -> bool:
    """Whether the type can hold the value without rounding it."""
    if data_type.type is Type.INTEGER:
        return value == value.to_integral_value() and abs(value) < 2**63
    if data_type.type is Type.DECIMAL:
        exponent = value.normalize().as_tuple().exponent
        fits = abs(value) < Decimal(10) ** (data_type.precision - data_type.scale)
        return fits and isinstance(exponent, int) and -exponent <= data_type.scale
    return True


def _exact(file: TomlFile, path: tuple[str, str], expression: Expression | None, data_type: DataType) -> None:
    """An integer metric takes integers only: rounding is the user's decision, not ours."""
    if expression is not None and data_type.type is Type.INTEGER and expression.type not in (Type.INTEGER, Type.NULL):
        hint = 'use round(…), floor(…) or ceil(…), or data_type = "decimal"'
        file.problem((*path, "expression"), f"gives a {expression.type}, but data_type is integer", hint)


def _python(file: TomlFile, path: tuple[str, str], named: str) -> tuple[str, str]:
    """The text of a Python file and the name of the function in it. The code is looked at, not run."""
    name, colon, function = named.rpartition(":")
    where = (*path, "function")
    if not colon or not name.endswith(".py") or not function.isidentifier():
        file.problem(where, f'"{named}" is not a file and a function', 'written like "python/peak.py:trips"')
        return "", ""
    code = _text_of(file, where, name, "python/peak.py")
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0)
        file.problem(where, f"{name}:{line or 1}: {getattr(error, 'msg', error)}", "correct the Python file")
        return "", ""
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if code and function not in defined:
        near = get_close_matches(function, defined, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"functions there: {', '.join(defined) or 'none'}"
        file.problem(where, f'{name} has no function "{function}"', hint)
    return code, function


def _text_of(file: TomlFile, where: tuple[str, str, str], name: str, example: str) -> str:
    try:
        return file.read(name).replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.EIO:
            raise  # the disk's fault, and none of the configuration
        reason = "is not found" if isinstance(error, FileNotFoundError) else "cannot be read as UTF-8 text"
        file.problem(where, f'"{name}" {reason}', f"a path below the project directory, such as {example}")
        return ""


def _over_days(file: TomlFile, path: tuple[str, str], raw: RawFormula) -> tuple[OverDays, Expression | None] | None:
    """What becomes of the values of days; None when the formula is one of windows, or something is wrong."""
    before = len(file.problems)
    if raw.grain is None:
        for key in ("over_days", "days_where"):
            if getattr(raw, key) is not None:
                file.problem((*path, key), "goes with values of days", 'add grain = "day", or remove it')
        return None
    if raw.over_days is None:
        words = ", ".join(word.value for word in OverDays if word is not OverDays.DISTINCT)
        file.problem((*path, "grain"), 'values of days need an "over_days"', f"one of: {words}")
        return None
    over_days = OverDays(raw.over_days)
    _composes(file, path, None, over_days)
    where = _days_where(file, path, over_days, raw.days_where)
    return (over_days, where) if len(file.problems) == before else None


def _formulas(file: TomlFile, raws: dict[str, RawFormula], known: dict[str, Type]) -> dict[str, Metric]:
    scope = Scope(known, "metric")
    built: dict[str, FormulaMetric | DayFormulaMetric] = {}
    for name, raw in raws.items():
        expression = compiled(file, ("metrics", name, "formula"), raw.formula, scope, "number")
        over_days = _over_days(file, ("metrics", name), raw)
        if expression is not None and over_days is None and raw.grain is None:
            built[name] = FormulaMetric(MetricId(name), raw.description, expression, raw.default_value)
        elif expression is not None and over_days is not None:
            built[name] = DayFormulaMetric(MetricId(name), raw.description, expression, raw.default_value, *over_days)
    needs = {name: metric.formula.names for name, metric in built.items()}
    while path := cycle(needs):
        said = " → ".join(path)
        file.problem(("metrics", path[0], "formula"), f"needs itself: {said}", "one of them must be measured, not derived")
        for name in path:
            needs.pop(name, None)
            built.pop(name, None)
    return {name: built[name] for name in order(needs) if name in built}
