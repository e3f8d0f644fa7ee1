"""Both TOML files → raw tables of the right shape, and the problems on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import tomli
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from mission_cli.config.places import KeyPath, Place, places
from mission_cli.config.raw import Foreign, Table, kind_of, number
from mission_cli.model.problems import Problem

T = TypeVar("T", bound=Table)
_INSTANCE = re.compile(r" or instance of \w+")
_AT = re.compile(r" \(at line (\d+), column (\d+)\)$| \(at end of document\)$")


class TomlFile:
    """One TOML file of the project, and the problems found in it so far.

    `texts`: files as they were at some time, by name, to be read in the place of those in `root`.
    """

    def __init__(self, root: Path, name: str, texts: Mapping[str, str] | None = None) -> None:
        self.root, self.name, self._texts = root, name, texts
        self.problems: list[Problem] = []
        self.text = ""
        self.tables: dict[str, Any] = self._parse()
        self.parsed = not self.problems

    def _parse(self) -> dict[str, Any]:
        try:
            self.text = self.read(self.name).removeprefix("\ufeff")
            return tomli.loads(self.text.replace("\r\n", "\n"), parse_float=_decimal)
        except FileNotFoundError:
            hint = 'name the project directory with --project, or begin one with "missionctl init"'
            self.problems.append(Problem(self.name, 0, 0, "", f"not found in {self.root}", hint))
        except IsADirectoryError:
            self.problems.append(Problem(self.name, 0, 0, "", f"is a directory in {self.root}"))
        except UnicodeDecodeError as error:
            self.problems.append(Problem(self.name, 0, 0, "", f"is not UTF-8 at byte {error.start}", "save it as UTF-8"))
        except tomli.TOMLDecodeError as error:
            self._syntax(str(error))
        except RecursionError:
            self.problems.append(Problem(self.name, 0, 0, "", "is nested too deeply"))
        return {}

    def read(self, name: str) -> str:
        """The text of a file of the project. Raises OSError or UnicodeDecodeError."""
        if self._texts is None:
            return (self.root / name).read_bytes().decode("utf-8")
        if name not in self._texts:
            raise FileNotFoundError(name)
        return self._texts[name]

    def _syntax(self, message: str) -> None:
        found = _AT.search(message)
        line, column = (int(found[1]), int(found[2])) if found and found[1] else (self.text.count("\n") + 1, 1)
        said = _AT.sub("", message)
        self.problems.append(Problem(self.name, line, column, "", f"is not TOML: {said[:1].lower()}{said[1:]}"))

    @cached_property
    def _places(self) -> dict[KeyPath, Place]:
        return places(self.text)

    def problem(self, path: KeyPath, message: str, hint: str = "", *, offset: int | None = None, key: bool = False) -> None:
        """Note a problem at a key path: at its value, at the key itself, or `offset` characters into its text."""
        line, column = self.place(path, offset, key=key)
        self.problems.append(Problem(self.name, line, column, dotted(path), message, hint))

    def place(self, path: KeyPath, offset: int | None = None, *, key: bool = False) -> tuple[int, int]:
        """Line and column of a key path, or of the nearest table around it; zeros when there is none."""
        for end in range(len(path), 0, -1):
            place = self._places.get(path[:end])
            if place is not None:
                line, column = place.key if key else place.value
                inside = offset is not None and end == len(path) and place.quoted
                return line, column + (1 + (offset or 0) if inside else 0)
        return 0, 0

    def section(self, name: str) -> dict[str, Any]:
        """The table called `name`; empty, with a problem, when it is something else."""
        value = self.tables.get(name, {})
        if isinstance(value, dict):
            return value
        self.problem((name,), f"must be a table, not {kind_of(value)}", f"written [{name}.…]")
        return {}

    def refuse_other_sections(self, known: tuple[str, ...]) -> None:
        """Unknown tables at the top level are mistakes."""
        for name in self.tables:
            if name not in known:
                self.problem((name,), f'unknown table "{name}"', _nearest(name, known), key=True)

    def number(self, value: object, path: KeyPath, hint: str = "") -> Decimal | None:
        """`value` as a number; None, with a problem, when it is none."""
        try:
            return number(value)
        except PydanticCustomError as error:
            context = error.context or {}
            self.problem(path, str(context["message"]), hint or str(context["hint"]))
            return None

    def shaped(self, model: type[T], value: object, path: KeyPath) -> T | None:
        """`value` as a `model`; None, with problems, when it does not have its shape."""
        if not isinstance(value, dict):
            self.problem(path, f"must be a table, not {kind_of(value)}")
            return None
        try:
            return model.model_validate(value)
        except ValidationError as error:
            mistakes = error.errors()
            misspelled = {(m["loc"][:-1], _near(str(m["loc"][-1]), _keys(model, m["loc"]))) for m in mistakes if _is_unknown(m)}
            for mistake in mistakes:
                if mistake["type"] != "missing" or (mistake["loc"][:-1], mistake["loc"][-1]) not in misspelled:
                    self._shape_problem(model, mistake, path)
            return None

    def _shape_problem(self, model: type[Table], mistake: Mapping[str, Any], path: KeyPath) -> None:
        full = (*path, *mistake["loc"])
        context = mistake.get("ctx", {})
        match mistake["type"]:
            case "missionctl":
                self.problem(full, context["message"], context["hint"])
            case "extra_forbidden":
                name = str(full[-1])
                self.problem((*full[:-1], name), f'unknown key "{name}"', _nearest(name, _keys(model, mistake["loc"])), key=True)
            case "missing":
                self.problem(full[:-1], f'"{full[-1]}" is missing', f"{dotted(full)} = …", key=True)
            case "too_short":
                self.problem(full, "must not be empty")
            case "greater_than_equal" | "less_than_equal":
                self.problem(full, mistake["msg"].replace("Input should", "must"))
            case _:
                wanted = mistake["msg"].replace("Input should be ", "must be ").replace("a valid ", "a ")
                wanted = _INSTANCE.sub("", wanted.replace("a integer", "an integer"))
                wanted = wanted.replace("a string", "text").replace("a boolean", "true or false").replace("dictionary", "table")
                self.problem(full, f"{wanted}, not {kind_of(mistake['input'])}")


@dataclass(slots=True)
class Names:
    """Names already taken, ignoring case, for finding a second one of the same."""

    taken: dict[str, str] = field(default_factory=dict)

    def add(self, name: str) -> str | None:
        """Take `name`; the earlier spelling when it is taken already."""
        return None if self.taken.setdefault(name.lower(), name) is name else self.taken[name.lower()]


def dotted(path: KeyPath) -> str:
    """A key path as users write it: `missions.m.conditions[0].val`."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def _keys(model: type[Table], loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that the table at `loc` inside `model` may have."""
    current: Any = model
    for part in loc[:-1]:
        if isinstance(current, type) and issubclass(current, Table):
            current = _one_of(current.model_fields[str(part)].annotation) if part in current.model_fields else None
        else:
            current = _one_of(get_args(current)[-1]) if get_args(current) else None
    if isinstance(current, type) and issubclass(current, Table):
        return tuple(f.alias or name for name, f in current.model_fields.items() if f.annotation is not Foreign)
    return ()


def _one_of(annotation: Any) -> Any:
    """What stands there when it does: without `| None` and without validators."""
    while get_origin(annotation) in (Union, UnionType, Annotated):
        annotation = get_args(annotation)[0]
    return annotation


def _is_unknown(mistake: Mapping[str, Any]) -> bool:
    return bool(mistake["type"] == "extra_forbidden")


def _near(name: str, known: tuple[str, ...]) -> str:
    """The known name that `name` looks like, or nothing."""
    return next(iter(get_close_matches(name, known, n=1)), "")


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = _near(name, known)
    return f'did you mean "{near}"?' if near else f"known here: {', '.join(known)}" if known else ""


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # nan and inf are TOML floats
        return Decimal("NaN")
