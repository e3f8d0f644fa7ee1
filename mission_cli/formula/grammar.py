"""The parser of `grammar.lark`. Its tables are kept in `grammar.json`, since to work them out anew would cost every start a
tenth of a second; `python -m mission_cli.formula.grammar` writes them after a change of the grammar."""

from __future__ import annotations

import hashlib
import json
import pickle
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

_ROOM = files("mission_cli.formula")


@cache
def parser() -> Lark:
    """From the tables, where they are of this version of Lark."""
    kept = json.loads(_ROOM.joinpath("grammar.json").read_text("utf-8"), object_hook=_numbered)
    return Lark.load(BytesIO(pickle.dumps(kept))) if kept["version"] == lark.__version__ else built_parser()


def _numbered(found: dict[str, Any]) -> dict[Any, Any]:
    """JSON writes the numbers of states as text."""
    return {int(key) if key.isdecimal() else key: value for key, value in found.items()}


def built_parser() -> Lark:
    """From the grammar itself."""
    return Lark(_grammar(), parser="lalr", maybe_placeholders=False)


def tables() -> dict[str, Any]:
    """What is kept in `grammar.json`: the tables, and what they were made of and by. States are numbered in any order."""
    data, memo = built_parser().memo_serialize([TerminalDef, Rule])
    return {"grammar": grammar_digest(), "version": lark.__version__, "data": data, "memo": memo}


def grammar_digest() -> str:
    """SHA-256 of the grammar."""
    return hashlib.sha256(_grammar().encode()).hexdigest()


def _grammar() -> str:
    return _ROOM.joinpath("grammar.lark").read_text("utf-8")


if __name__ == "__main__":
    Path(str(_ROOM.joinpath("grammar.json"))).write_text(json.dumps(tables(), separators=(",", ":")) + "\n", "utf-8")
