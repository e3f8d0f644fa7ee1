"""metrics.toml: raw tables → sources, metrics and suppliers with everything resolved."""

from __future__ import annotations

import re
import zoneinfo
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mission_cli.config.raw import (
    METHODS,
    RawColumn,
    RawDailyMetric,
    RawExpression,
    RawFormula,
    RawMethod,
    RawProject,
    RawSingleValue,
    RawSource,
    RawSql,
    RawSuppliers,
)
from mission_cli.config.read import Names, TomlFile
from mission_cli.config.types import (
    COLUMN_TYPES,
    METRIC_TYPES,
    column_type,
    metric_type,
)
from mission_cli.formula.check import Scope, compile_text
from mission_cli.formula.errors import FormulaErrors
from mission_cli.formula.graph import cycle, order
from mission_cli.model.expression import Expression, Type
from mission_cli.model.project import (
    Column,
    CsvOptions,
    DailyMetric,
    DataType,
    FormulaMetric,
    Method,
    Metric,
    MetricId,
    Source,
    SourceId,
    Suppliers,
)

ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
RESERVED_METRICS = ("date", "source", "supplier_id")  # columns of the partitions and of metric_supplier
RESERVED_COLUMNS = ("rowid",)
RESERVED_SOURCES = ("suppliers",)
ID_HINT = "letters, digits and _, beginning with a letter, at most 63"
FILE_KINDS = (".csv",)
LATER_FILE_KINDS = (".csv.gz", ".csv.zst", ".parquet", ".jsonl", ".jsonl.gz")


def compiled(file: TomlFile, path: tuple[str | int, ...], text: str, scope: Scope, want: str) -> Expression | None:
    """The checked expression at a key path; None, with every problem in it noted at its place."""
    try:
        return compile_text(text, scope, want)
    except FormulaErrors as error:
        for mistake in error.errors:
            message = f"column {mistake.at + 1}: {mistake.message}"
            file.problem(path, message, mistake.hint, offset=mistake.at)
        return None


def valid_id(file: TomlFile, path: tuple[str | int, ...], names: Names, reserved: tuple[str, ...] = ()) -> bool:
    """Whether the last part of the path can be an id, is not reserved and not taken."""
    name = str(path[-1])
    if name.lower() in reserved:
        file.problem(path, f'"{name}" is a name of missionctl\'s own', "choose another name", key=True)
        return False
    if not ID.fullmatch(name):
        file.problem(path, f'"{name}" cannot be a name', ID_HINT, key=True)
        return False
    if taken := names.add(name):
        file.problem(path, f'"{name}" and "{taken}" differ only in case', "choose another name", key=True)
        return False
    return True


def build_project(file: TomlFile) -> tuple[str, str, int] | None:
    """Name, time zone and start of the business day in minutes."""
    if "project" not in file.tables:
        file.problem((), "the table [project] is missing", 'with name = "…" and timezone = "Area/City"')
        return None
    raw = file.shaped(RawProject, file.section("project"), ("project",))
    if raw is None:
        return None
    zone_ok = known_zone(file, ("project", "timezone"), raw.timezone)
    start = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", raw.day_start)
    if start is None:
        file.problem(("project", "day_start"), f'"{raw.day_start}" is not a time of day', 'written like "05:00"')
    if not zone_ok or start is None:
        return None
    return raw.name, raw.timezone, int(start[1]) * 60 + int(start[2])


def known_zone(file: TomlFile, path: tuple[str | int, ...], name: str) -> bool:
    """Whether the IANA database knows the zone."""
    zones = zoneinfo.available_timezones()
    if name in zones:
        return True
    near = get_close_matches(name, zones, n=1)
    hint = f'did you mean "{near[0]}"?' if near else 'an IANA name such as "Asia/Ho_Chi_Minh"'
    file.problem(path, f'unknown time zone "{name}"', hint)
    return False


def build_sources(file: TomlFile, timezone: str) -> list[Source]:
    """Every source that is right; the others leave problems."""
    names, sources = Names(), []
    if "sources" not in file.tables and not file.problems:
        file.problem((), "no source is defined", "a table [sources.orders] with files, key, supplier, time and columns")
    for name, table in file.section("sources").items():
        path = ("sources", name)
        raw = file.shaped(RawSource, table, path) if valid_id(file, path, names, RESERVED_SOURCES) else None
        source = _source(file, SourceId(name), raw, timezone) if raw is not None else None
        if source is not None:
            sources.append(source)
    return sources


def _source(file: TomlFile, source: SourceId, raw: RawSource, timezone: str) -> Source | None:
    path, before = ("sources", source), len(file.problems)
    columns = _columns(file, path, raw.columns, timezone)
    by_name = {column.name: column for column in columns}
    _files(file, path, raw.files)
    for key, wanted in (("supplier", [raw.supplier]), ("key", raw.key), ("time", [raw.time]), ("updated", [raw.updated])):
        for name in wanted:
            if name is not None and name not in raw.columns:
                near = get_close_matches(name, raw.columns, n=1)
                hint = f'did you mean "{near[0]}"?' if near else f"columns: {', '.join(raw.columns)}"
                file.problem((*path, key), f'"{name}" is not one of the columns', hint)
    _moments(file, path, raw, by_name)
    if not 0 <= raw.max_rejects <= 1:
        file.problem((*path, "max_rejects"), "must lie between 0 and 1", "0.01 is one record in a hundred")
    if len(raw.csv.delimiter) != 1 or raw.csv.delimiter in '"\r\n':
        file.problem((*path, "csv", "delimiter"), "must be a single character")
    elif raw.csv.delimiter == raw.csv.decimal:
        file.problem((*path, "csv", "decimal"), "is the same character as the delimiter")
    scope = Scope({name: column.data_type.type for name, column in by_name.items()}, "column")
    final = compiled(file, (*path, "final"), raw.final, scope, "boolean") if raw.final is not None else None
    if len(file.problems) > before:
        return None
    options = CsvOptions(raw.csv.delimiter, tuple(raw.csv.null), raw.csv.decimal, tuple(raw.csv.timestamp_format))
    return Source(
        source,
        tuple(raw.files),
        tuple(raw.key),
        raw.supplier,
        raw.time,
        raw.updated,
        final,
        raw.max_rejects,
        options,
        tuple(columns),
    )


def _files(file: TomlFile, path: tuple[str, str], patterns: list[str]) -> None:
    for index, pattern in enumerate(patterns):
        where = (*path, "files", index) if len(patterns) > 1 else (*path, "files")
        if pattern.endswith(LATER_FILE_KINDS):
            file.problem(where, f'"{pattern}": this kind of file is not supported by this version yet', "export as .csv")
        elif not pattern.endswith(FILE_KINDS):
            file.problem(where, f'"{pattern}" does not end in {" or ".join(FILE_KINDS)}', 'such as "data/exports/orders/*.csv"')


def _moments(file: TomlFile, path: tuple[str, str], raw: RawSource, columns: dict[str, Column]) -> None:
    for key, name, allowed in (
        ("time", raw.time, (Type.TIMESTAMP, Type.DATE)),
        ("updated", raw.updated, (Type.TIMESTAMP, Type.DATE, Type.INTEGER)),
    ):
        column = columns.get(name) if name else None
        if column is not None and column.data_type.type not in allowed:
            file.problem((*path, key), f'column "{name}" is a {column.data_type.type}', f"must be a {' or '.join(allowed)}")


def _columns(file: TomlFile, path: tuple[str, str], raw: dict[str, RawColumn], timezone: str) -> list[Column]:
    names, headers, columns = Names(), dict[str, str](), []
    for name, table in raw.items():
        where = (*path, "columns", name)
        data_type = column_type(table.type)
        if data_type is None:
            file.problem((*where, "type"), f'"{table.type}" is not a type', f"types: {COLUMN_TYPES}")
        header = table.header or name
        if header in headers:
            file.problem(where, f'reads "{header}" as column "{headers[header]}" does', "each column of the file once")
        headers[header] = name
        if not valid_id(file, where, names, RESERVED_COLUMNS) or data_type is None:
            continue
        _limits(file, where, table, data_type)
        if table.timezone is not None:
            known_zone(file, (*where, "timezone"), table.timezone)
        columns.append(
            Column(name, data_type, header, table.required, tuple(table.one_of or ()), table.min, table.timezone or timezone)
        )
    return columns


def _limits(file: TomlFile, path: tuple[str, ...], raw: RawColumn, data_type: DataType) -> None:
    if raw.one_of is not None and data_type.type is not Type.TEXT:
        file.problem((*path, "one_of"), f"goes with string columns, not with {data_type.type}")
    if raw.min is not None and data_type.type.family != "number":
        file.problem((*path, "min"), f"goes with number columns, not with {raw.type}")
    if raw.timezone is not None and data_type.type is not Type.TIMESTAMP:
        file.problem((*path, "timezone"), f"goes with timestamp columns, not with {raw.type}")


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
    scope = Scope({column.name: column.data_type.type for column in source.columns}, "column")
    where = getattr(raw, "where", None)
    condition = compiled(file, (*path, "where"), where, scope, "boolean") if where is not None else None
    expression, sql = None, ""
    match raw:
        case RawSingleValue():
            expression = _constant(file, path, raw, data_type)
        case RawExpression():
            expression = compiled(file, (*path, "expression"), raw.expression, scope, "number")
            _exact(file, path, expression, data_type)
        case RawSql():
            sql = _sql_text(file, path, raw.file)
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
        getattr(raw, "file", ""),
        sql,
    )


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


def _sql_text(file: TomlFile, path: tuple[str, str], name: str) -> str:
    target: Path = file.root / name
    try:
        return target.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not found" if isinstance(error, FileNotFoundError) else "cannot be read as UTF-8 text"
        file.problem((*path, "file"), f'"{name}" is {reason}', "a path below the project directory, such as sql/peak_trips.sql")
        return ""


def _formulas(file: TomlFile, raws: dict[str, RawFormula], known: dict[str, Type]) -> dict[str, Metric]:
    scope = Scope(known, "metric")
    built: dict[str, FormulaMetric] = {}
    for name, raw in raws.items():
        expression = compiled(file, ("metrics", name, "formula"), raw.formula, scope, "number")
        if expression is not None:
            built[name] = FormulaMetric(MetricId(name), raw.description, expression, raw.default_value)
    needs = {name: metric.formula.names for name, metric in built.items()}
    while path := cycle(needs):
        said = " → ".join(path)
        file.problem(("metrics", path[0], "formula"), f"needs itself: {said}", "one of them must be measured, not derived")
        for name in path:
            needs.pop(name, None)
            built.pop(name, None)
    return {name: built[name] for name in order(needs) if name in built}


def build_suppliers(file: TomlFile, timezone: str) -> Suppliers | None:
    """Who the suppliers are; None when the file does not say, or says it wrongly."""
    if "suppliers" not in file.tables:
        return None
    path, before = ("suppliers",), len(file.problems)
    raw = file.shaped(RawSuppliers, file.section("suppliers"), path)
    if raw is None:
        return None
    named = {raw.key: "string"} | ({raw.alias: "string"} if raw.alias else {}) | raw.columns
    columns, names = [], Names()
    for name, word in named.items():
        data_type = column_type(word)
        if data_type is None:
            file.problem((*path, "columns", name), f'"{word}" is not a type', f"types: {COLUMN_TYPES}")
        elif valid_id(file, (*path, "columns", name), names):
            columns.append(Column(name, data_type, name, required=name == raw.key, timezone=timezone))
    if not raw.file.endswith(".csv"):
        file.problem((*path, "file"), f'"{raw.file}" does not end in .csv')
    return Suppliers(raw.file, raw.key, raw.alias, tuple(columns)) if len(file.problems) == before else None
