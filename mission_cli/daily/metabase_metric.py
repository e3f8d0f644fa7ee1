"""Metrics of a Metabase question: its rows for a day, fetched once over HTTP and kept.

The question has a variable `date` and gives supplier_id and value. METABASE_URL and METABASE_API_KEY say where it is and who
asks; METABASE_TIMEOUT, in seconds, how long an answer may take. Rows of a day that has ended are kept in data/metabase, so that
computing the day again needs no network and gives the same; delete the day's file to fetch it again.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import urllib3

from mission_cli.daily.given import refuse_repeated
from mission_cli.model.errors import ServiceError, UsageError
from mission_cli.model.expression import Type
from mission_cli.model.metrics import DailyMetric
from mission_cli.store.database import kernel_engine
from mission_cli.store.files import replace_text
from mission_cli.store.layout import metabase_file

_TRIES = 3
_PAUSE_S = 0.5
_TIMEOUT_S = 60.0
_TRY_AGAIN = (429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class _Metabase:
    url: str
    key: str
    timeout_s: float


def card_values(metric: DailyMetric, day: date, data: Path, *, keep: bool) -> pl.DataFrame:
    """supplier_id (text) and value of the metric's type, one row per supplier; rows without a supplier are left out.

    `keep`: the day has ended, so its rows are kept. Raises UsageError when Metabase is not configured or the question gives
    something else, ServiceError when it cannot be reached or answers with an error.
    """
    kept = data / metabase_file(metric.card, day)
    known = kept.exists()
    text = kept.read_text("utf-8") if known else _fetched(metric, day)
    values = refuse_repeated(metric, _typed(metric, _parsed(metric, text)), "let the question group by supplier_id")
    if keep and not known:
        kept.parent.mkdir(parents=True, exist_ok=True)
        replace_text(kept, text)
    return values


def _configured(metric: DailyMetric) -> _Metabase:
    url, key = os.environ.get("METABASE_URL", ""), os.environ.get("METABASE_API_KEY", "")
    missing = [name for name, value in (("METABASE_URL", url), ("METABASE_API_KEY", key)) if not value]
    if missing:
        raise UsageError(f"{metric.origin}: the environment variable {' and '.join(missing)} is not set")
    try:
        return _Metabase(url.rstrip("/"), key, float(os.environ.get("METABASE_TIMEOUT", _TIMEOUT_S)))
    except ValueError:
        raise UsageError(f"{metric.origin}: METABASE_TIMEOUT must be a number of seconds") from None


def _fetched(metric: DailyMetric, day: date) -> str:
    """The answer's text. What may pass (no connection, a slow or broken answer, 5xx) is tried again."""
    metabase = _configured(metric)
    parameter = {"type": "date/single", "target": ["variable", ["template-tag", "date"]], "value": day.isoformat()}
    retries = urllib3.Retry(
        _TRIES - 1, backoff_factor=_PAUSE_S, status_forcelist=_TRY_AGAIN, allowed_methods=None, raise_on_status=False, redirect=0
    )
    with urllib3.PoolManager(timeout=urllib3.Timeout(metabase.timeout_s), retries=retries) as pool:
        try:
            answer = pool.request(
                "POST",
                f"{metabase.url}/api/card/{metric.card}/query/json",
                json={"parameters": [parameter]},
                headers={"x-api-key": metabase.key},
            )
        except (urllib3.exceptions.HTTPError, UnicodeError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise ServiceError(f"{metric.origin}, {day}: {metabase.url} gives no answer: {_said(reason)}") from None
    text = answer.data.decode("utf-8", "replace")
    if answer.status in (401, 403):
        raise ServiceError(f"{metric.origin}, {day}: {answer.status}: METABASE_API_KEY is not accepted, or may not see the card")
    if answer.status == 404:
        raise ServiceError(f"{metric.origin}, {day}: 404: there is no such card at {metabase.url}")
    if answer.status >= 300:
        raise ServiceError(f"{metric.origin}, {day}: {answer.status}: {text[:200].strip() or 'no reason given'}")
    return text


def _said(reason: object) -> str:
    """The reason without the objects that urllib3 names in it."""
    return str(reason).rpartition(">: ")[2].rpartition("): ")[2] or type(reason).__name__


def _parsed(metric: DailyMetric, text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise ServiceError(f"{metric.origin}: answers with something that is not JSON: {text[:80]!r}") from None
    if isinstance(rows, dict) and rows.get("error"):
        raise ServiceError(f"{metric.origin}: the question failed: {str(rows['error'])[:200]}")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ServiceError(f"{metric.origin}: answers with something that is not a list of rows: {text[:80]!r}")
    for row in rows:
        if set(row) != {"supplier_id", "value"}:
            raise UsageError(f"{metric.origin}: must give the columns supplier_id and value, not {', '.join(row) or 'none'}")
        _check_value(metric, row["value"])
    return rows


def _check_value(metric: DailyMetric, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UsageError(f"{metric.origin}: value is {json.dumps(value, default=str)[:40]}, not a number")
    if metric.data_type.type is Type.INTEGER and value != int(value):
        raise UsageError(f"{metric.origin}: value is {value}, but data_type is integer; round it in the question")


def _typed(metric: DailyMetric, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Values as the text in which they were written, cast by the engine: beyond the type's digits they are no data."""
    known = [row for row in rows if row["supplier_id"] is not None]
    values = [None if row["value"] is None else f"{Decimal(row['value']):f}" for row in known]
    given = {"supplier_id": [str(row["supplier_id"]) for row in known], "value": values}
    engine = kernel_engine("UTC")
    engine.replace_temporary("given", pl.DataFrame(given, schema={"supplier_id": pl.String, "value": pl.String}))
    return engine.frame(
        f"SELECT supplier_id, TRY_CAST(value AS {metric.data_type.total_sql}) AS value FROM given ORDER BY supplier_id"
    )
