"""The engine's SQL: one file each in `mission_cli/sql`, with a header that says what it reads, writes and means.

`{{name}}` in a file is replaced by SQL that was built from checked configuration; values are bound as parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from mission_cli.formula.emit import identifier

_SLOT = re.compile(r"\{\{(\w+)\}\}")


@cache
def _text(name: str) -> str:
    return files("mission_cli.sql").joinpath(f"{name}.sql").read_text("utf-8")


def statement(name: str, **fragments: str) -> str:
    """The statement `name` with every slot filled. Raises KeyError for a slot without a fragment."""
    return _SLOT.sub(lambda slot: fragments[slot[1]], _text(name))


def columns(names: Iterable[str], prefix: str = "") -> str:
    """Quoted names, separated by commas, each after `prefix` (an alias with its dot)."""
    return ", ".join(prefix + identifier(name) for name in names)
