"""The engine that all kernels of a process share keeps them apart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import polars as pl
import pytest

from mission_cli.store.database import kernel_engine

ZONES = {"UTC": 0, "Asia/Ho_Chi_Minh": 7, "Asia/Kathmandu": 5, "America/New_York": 19}


def hour_of_midnight(zone: str) -> int:
    engine = kernel_engine(zone)
    engine.replace_temporary("moments", pl.DataFrame({"written": ["2026-01-01 00:00:00+00"]}))
    ((hour,),) = engine.rows("SELECT hour(CAST(written AS TIMESTAMPTZ)) FROM moments")
    return int(hour)


def test_each_computes_in_its_own_time_zone() -> None:
    zones = [*ZONES] * 25
    with ThreadPoolExecutor(max_workers=4) as pool:
        assert list(pool.map(hour_of_midnight, zones)) == [ZONES[zone] for zone in zones]


def test_none_sees_what_another_has_made() -> None:
    one, other = kernel_engine("UTC"), kernel_engine("UTC")
    one.replace_temporary("mine", pl.DataFrame({"a": [1]}))
    one.replace_view("shown", pl.DataFrame({"a": [2]}), "a + 1 AS b")
    one.execute("CREATE OR REPLACE TEMP TYPE words AS ENUM ('met')")
    assert one.rows("SELECT a, b, 'met'::words FROM mine, shown") == [(1, 3, "met")]
    for what in ("FROM mine", "FROM shown", "SELECT 'met'::words"):
        with pytest.raises(duckdb.CatalogException):
            other.rows(what)


def test_nothing_divided_by_nothing_is_no_number() -> None:
    assert kernel_engine("UTC").rows("SELECT 0.0::DOUBLE / 0, 0.0::DOUBLE / 0 > 0.7") == [(None, None)]
