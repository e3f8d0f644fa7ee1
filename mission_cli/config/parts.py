"""What sources, metrics and missions are all made of: names and expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from mission_cli.config.read import Names, TomlFile
from mission_cli.formula.check import Scope, compile_text
from mission_cli.formula.errors import FormulaErrors
from mission_cli.model.columns import Column
from mission_cli.model.expression import Expression, Type
from mission_cli.model.formats import FILE_KINDS, kind_of

ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
RESERVED_METRICS = ("date", "source", "supplier_id")  # columns of the partitions and of metric_supplier
RESERVED_COLUMNS = ("rowid",)
RESERVED_SOURCES = ("suppliers",)
ID_HINT = "letters, digits and _, beginning with a letter, at most 63"


def column_scope(columns: Iterable[Column], noun: str = "column") -> Scope:
    """What the columns' names mean in an expression."""
    listed = list(columns)
    places = {column.name: column.data_type.scale for column in listed if column.data_type.type is Type.DECIMAL}
    return Scope({column.name: column.data_type.type for column in listed}, noun, places)


def compiled(file: TomlFile, path: tuple[str | int, ...], text: str, scope: Scope, want: str) -> Expression | None:
    """The checked expression at a key path; None, with every problem in it noted at its place."""
    try:
        return compile_text(text, scope, want)
    except FormulaErrors as error:
        for mistake in error.errors:
            message = f"column {mistake.at + 1}: {mistake.message}"
            file.problem(path, message, mistake.hint, offset=mistake.at)
        return None


def formula_or_number(
    file: TomlFile, path: tuple[str | int, ...], value: str | Decimal | None, scope: Scope
) -> Expression | None:
    """What is paid: a formula over metrics, or a number, which must not be negative; None for none, or with problems."""
    if isinstance(value, Decimal):
        if value < 0:
            file.problem(path, f"{value} is less than nothing")
            return None
        return compile_text(f"{value:f}", Scope({}, "metric"), "number")
    return compiled(file, path, value, scope, "number") if value is not None else None


def one_file(file: TomlFile, path: tuple[str | int, ...], name: str, example: str) -> None:
    """Note what is wrong with the name of a file that is replaced as a whole: not a pattern, and of a kind that can be read."""
    if any(sign in name for sign in "*?["):
        file.problem(path, f'"{name}" is a pattern', "name the one file that is replaced when something changes")
    elif kind_of(name) is None:
        file.problem(path, f'"{name}" does not end in one of {" ".join(FILE_KINDS)}', f'such as "{example}"')


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
