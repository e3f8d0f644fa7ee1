"""The tables that are kept of the grammar are those of the grammar."""

from __future__ import annotations

import json
from pathlib import Path

import lark
import pytest

import mission_cli.formula
from mission_cli.formula.grammar import built_parser, grammar_digest, parser

_KEPT = json.loads(Path(mission_cli.formula.__file__).with_name("grammar.json").read_text("utf-8"))


def test_kept_tables_are_of_this_grammar_and_this_lark() -> None:
    made_of = (_KEPT["grammar"], _KEPT["version"])
    assert made_of == (grammar_digest(), lark.__version__), "write them anew: python -m mission_cli.formula.grammar"


@pytest.mark.parametrize(
    "text",
    [
        "a + 1 * (2 - b) / -c % 3 >= 4.5e3",
        "NOT (a IN ('x', 'it''s') AND b NOT BETWEEN 1 AND 2) OR c IS NOT NULL",
        "CASE WHEN name LIKE 'A%' THEN round(x, 2) WHEN TRUE THEN NULL ELSE coalesce(y, 0) END",
        "moment < TIMESTAMP '2026-10-31 17:00' AND day <> DATE '2026-10-31' AND month(day) != 2",
    ],
)
def test_kept_and_built_parser_see_the_same(text: str) -> None:
    assert parser().parse(text) == built_parser().parse(text)
