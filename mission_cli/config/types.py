"""The words for types: `string integer decimal(p,s) double boolean date timestamp`."""

from __future__ import annotations

import re

from mission_cli.model.columns import DataType
from mission_cli.model.expression import Type

_DECIMAL = re.compile(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)")
_WORDS = {
    "string": Type.TEXT,
    "integer": Type.INTEGER,
    "double": Type.DOUBLE,
    "boolean": Type.BOOLEAN,
    "date": Type.DATE,
    "timestamp": Type.TIMESTAMP,
}
COLUMN_TYPES = "string, integer, decimal(p,s), double, boolean, date, timestamp"
METRIC_TYPES = "integer, decimal, decimal(p,s), double"


def column_type(text: str) -> DataType | None:
    """The type of a column, or None when the text names none."""
    if text in _WORDS:
        return DataType(_WORDS[text])
    return _decimal(text)


def metric_type(text: str) -> DataType | None:
    """The type of a metric, or None: numbers only, and `decimal` alone has 9 places."""
    if text == "decimal":
        return DataType(Type.DECIMAL)
    found = column_type(text)
    return found if found is not None and found.type.family == "number" else None


def _decimal(text: str) -> DataType | None:
    found = _DECIMAL.fullmatch(text)
    if not found:
        return None
    precision, scale = int(found[1]), int(found[2])
    return DataType(Type.DECIMAL, precision, scale) if 1 <= precision <= 38 and scale <= precision else None
