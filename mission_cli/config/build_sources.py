"""metrics.toml: [project], [sources] and [suppliers] → records with everything resolved."""

from __future__ import annotations

import re
import zoneinfo
from difflib import get_close_matches

from mission_cli.config.parts import RESERVED_COLUMNS, RESERVED_SOURCES, column_scope, compiled, one_file, valid_id
from mission_cli.config.raw import RawColumn, RawProject, RawSource, RawSuppliers
from mission_cli.config.read import Names, TomlFile
from mission_cli.config.types import COLUMN_TYPES, column_type
from mission_cli.model.columns import Column, DataType
from mission_cli.model.expression import Type
from mission_cli.model.formats import FILE_KINDS, Format, kind_of
from mission_cli.model.project import CsvOptions, Source, SourceId, Suppliers

_NO_ZONES = {"Factory", "localtime", "posixrules"}  # which the IANA database lists all the same


def build_project(file: TomlFile) -> tuple[str, str, int, bool] | None:
    """Name, time zone, start of the business day in minutes, and whether windows keep their rules."""
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
    return raw.name, raw.timezone, int(start[1]) * 60 + int(start[2]), raw.rules == "keep"


def known_zone(file: TomlFile, path: tuple[str | int, ...], name: str) -> bool:
    """Whether the IANA database knows the zone."""
    if _is_zone(name):
        return True
    near = get_close_matches(name, zoneinfo.available_timezones() - _NO_ZONES, n=1)
    hint = f'did you mean "{near[0]}"?' if near else 'an IANA name such as "Asia/Ho_Chi_Minh"'
    file.problem(path, f'unknown time zone "{name}"', hint)
    return False


def _is_zone(name: str) -> bool:
    """Only this one is looked up: a list of all takes longer than everything else in the file."""
    if name in _NO_ZONES or name.startswith(("posix/", "right/")):
        return False
    try:
        return zoneinfo.ZoneInfo(name).key == name
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
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
    _csv(file, path, raw)
    scope = column_scope(columns)
    final = compiled(file, (*path, "final"), raw.final, scope, "boolean") if raw.final is not None else None
    if len(file.problems) > before:
        return None
    csv = raw.csv
    options = CsvOptions(csv.delimiter, tuple(csv.null), csv.decimal, tuple(csv.timestamp_format), csv.quote, csv.encoding)
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
        if any("**" in part and part != "**" for part in pattern.split("/")):
            file.problem(where, f'"{pattern}": ** stands alone between slashes', 'such as "data/exports/**/*.csv"')
        elif kind_of(pattern) is None:
            file.problem(
                where, f'"{pattern}" does not end in one of {" ".join(FILE_KINDS)}', 'such as "data/exports/orders/*.csv"'
            )


def _csv(file: TomlFile, path: tuple[str, str], raw: RawSource) -> None:
    """The options of CSV files; they must say something about a file, and not contradict each other."""
    options, where = raw.csv, (*path, "csv")
    if options.model_fields_set and not any(kind is None or kind.format is Format.CSV for kind in map(kind_of, raw.files)):
        file.problem(where, "is about CSV files, but no pattern of files names any", "remove it")
    if len(options.delimiter) != 1 or options.delimiter in '"\r\n':
        file.problem((*where, "delimiter"), "must be a single character")
    elif options.delimiter == options.decimal:
        file.problem((*where, "decimal"), "is the same character as the delimiter")
    if len(options.quote) > 1 or options.quote in ("\r", "\n") or options.quote == options.delimiter:
        file.problem((*where, "quote"), "must be a single character, not the delimiter", 'or "" when nothing is quoted')
    for written in options.timestamp_format:
        unknown = [sign for sign in re.findall(r"%(.?)", written) if sign not in set("YymdjHIMSfpzbBaA%")]
        if unknown:
            file.problem((*where, "timestamp_format"), f'"{written}": %{unknown[0]} is not known', "such as %d/%m/%Y %H:%M:%S")


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
    one_file(file, (*path, "file"), raw.file, "data/exports/suppliers.csv")
    return Suppliers(raw.file, raw.key, raw.alias, tuple(columns)) if len(file.problems) == before else None
