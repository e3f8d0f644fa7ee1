"""The reference's merge: which version of a key stands, and what each record did when it came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.fuzz.spec import Spec

Content = tuple[tuple[int, Any], ...]


class Book:
    """The orders of a source. A later `updated` wins, and of equal ones the content that sorts higher; without `updated` the
    later arrival does."""

    def __init__(self, spec: Spec) -> None:
        self._spec, self._names = spec, [column.name for column in spec.columns]
        self.standing: dict[tuple[Any, ...], tuple[Any, Content]] = {}

    def take(self, rows: Mapping[int, tuple[object, ...]]) -> Counter[str]:
        """Enter the accepted rows of a file, by line, and count what they did."""
        did: Counter[str] = Counter()
        for _, row in sorted(rows.items()):
            named = dict(zip(self._names, row, strict=False))
            key = tuple(map(self._comparable, (named[name] for name in self._spec.key), self._spec.key))
            content = self.content(named)
            updated = named.get(self._spec.updated)
            version = ((updated is not None, updated or 0), content)
            did[self._enter(key, version)] += 1
        return did

    def content(self, named: Mapping[str, Any]) -> Content:
        """The typed columns of a row so that they compare; what is missing sorts after everything."""
        return tuple((int(value is None), self._comparable(value, name)) for name, value in named.items() if name in self._names)

    def _enter(self, key: tuple[Any, ...], version: tuple[Any, Content]) -> str:
        before = self.standing.get(key)
        if before is None:
            word = "new"
        elif version == before:
            word = "duplicate"
        elif not self._spec.updated or version > before:
            word = "updated"
        else:
            word = "superseded"
        if word in ("new", "updated"):
            self.standing[key] = version
        return word

    def _comparable(self, value: Any, name: str) -> Any:
        """Doubles are known by their repr, but compare as numbers."""
        kind = next(column.kind for column in self._spec.columns if column.name == name)
        if value is None:
            return 0
        return float(value) if kind == "double" else value

    def contents(self) -> list[Content]:
        """Every order that stands."""
        return [content for _, content in self.standing.values()]
