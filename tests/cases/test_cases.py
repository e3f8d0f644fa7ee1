"""Tests in the domain's own language: every TOML file beside this one is a case. README.md tells how to write one.

Besides what a case expects, every case must hold three promises: each record of a source is accounted for, the same
command again changes nothing, and the naive evaluator of raw rows gives the same results (where it knows the rules).
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.oracle.compare import differences, parse_results
from tests.oracle.language import OutOfScope
from tests.oracle.naive import Project as Naive
from tests.support import Ran, missionctl

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*.toml"))
DAY = timedelta(days=1)

Table = dict[str, Any]
Row = dict[str, str]

KEYS = {
    "": {"title", "why", "given", "steps"},
    "given": {"preset", "timezone", "day_start", "rules", "metrics", "missions", "files"},
    "steps": {"change", "deliver", "run", "backfill", "only", "restate", "expect"},
    "steps.change": {"timezone", "day_start", "rules", "metrics", "missions", "files"},
    "steps.deliver": {"text", "newline", "bom"},
    "steps.expect": {
        "exit", "says", "results", "accounting", "rejects", "refused", "computed", "explain", "raw_rows_agree",
        "stale", "corrections",
    },
    "steps.expect.explain": {"supplier", "mission", "date", "says", "never_says"},
    "steps.restate": {"mission", "from", "to", "reason"},
}  # fmt: skip


@pytest.mark.parametrize("file", CASES, ids=[file.stem for file in CASES])
def test_case(file: Path, tmp_path: Path) -> None:
    case = tomllib.loads(file.read_text("utf-8"))
    known(case, "")
    setting, past = dict(case["given"]), Past([], [])
    known(setting, "given")
    for number, step in enumerate(case["steps"], start=1):
        known(step, "steps")
        known(step.get("change", {}), "steps.change")
        setting |= step.get("change", {})
        write_project(tmp_path, setting)
        deliver(tmp_path, step.get("deliver", {}))
        if "run" in step or "backfill" in step:
            carry_out(tmp_path, step, past, again=number == len(case["steps"]))
        elif "restate" in step:
            restate(tmp_path, step)


def test_every_case_says_what_it_shows() -> None:
    titles = [tomllib.loads(file.read_text("utf-8"))["title"] for file in CASES]
    assert len(set(titles)) == len(CASES)


# ---------------------------------------------------------------- given


def known(table: Mapping[str, Any], where: str) -> None:
    """A mistyped key must not make a case that passes whatever happens."""
    strange = set(table) - KEYS[where]
    assert not strange, f"{where or 'a case'} has no key {', '.join(sorted(strange))}; known: {', '.join(sorted(KEYS[where]))}"


def write_project(root: Path, setting: Mapping[str, Any]) -> None:
    head = {"name": "case", "timezone": setting.get("timezone", "UTC"), "day_start": setting.get("day_start", "00:00")}
    head |= {"rules": setting["rules"]} if "rules" in setting else {}
    project = "".join(f'{key} = "{value}"\n' for key, value in head.items())
    preset = (HERE / "presets" / f"{setting['preset']}.toml").read_text("utf-8") if "preset" in setting else ""
    texts = {
        "metrics.toml": f"[project]\n{project}\n{preset}\n{setting.get('metrics', '')}",
        "missions.toml": setting["missions"],
        **setting.get("files", {}),
    }
    for name, text in texts.items():
        write(root / name, text.encode())


def deliver(root: Path, files: Mapping[str, str | Table]) -> None:
    """Put exports into data/exports, with other line ends or a byte order mark where a case asks for them."""
    for name, said in files.items():
        options: Table = {"text": said} if isinstance(said, str) else said
        known(options, "steps.deliver")
        text = options["text"].replace("\n", options.get("newline", "\n"))
        write(root / "data" / "exports" / name, text.encode("utf-8-sig" if options.get("bom") else "utf-8"))


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# ---------------------------------------------------------------- steps


class Past(NamedTuple):
    """What the raw rows of today do not tell: the contents of the suppliers file, and the days with results."""

    rosters: list[tuple[date, str]]
    days: list[date]

    def goes_on(self, root: Path, as_of: list[date]) -> None:
        file = root / "data" / "exports" / "suppliers.csv"
        if file.exists() and file.read_text("utf-8") not in [text for _, text in self.rosters[-1:]]:
            since = as_of[0] if self.rosters else date.min  # the first one counts from the beginning
            self.rosters.append((since, file.read_text("utf-8")))
        self.days.extend(as_of)


def carry_out(root: Path, step: Table, past: Past, *, again: bool) -> None:
    expect: Table = step.get("expect", {})
    known(expect, "steps.expect")
    as_of, command = asked(step)
    ran = missionctl(root, *command, "--json")
    if ran.code in (0, 1):  # a run also catches up days that were missed
        report = json.loads(ran.out)
        as_of = sorted({date.fromisoformat(day) for day in (*report["evaluated"], *report["unchanged"])}) or as_of
    past.goes_on(root, as_of)
    assert ran.code == expect.get("exit", 0), ran
    for said in expect.get("says", ()):
        assert said in ran.err, ran.err
    if ran.code not in (0, 1):
        return
    check_report(expect, json.loads(ran.out))
    check_results(root, expect, as_of, past)
    check_status(root, expect)
    check_corrections(root, expect)
    check_explanations(root, expect, as_of[-1])
    if again:
        check_same_again(root, command, ran)


def restate(root: Path, step: Table) -> None:
    """Apply corrections; the results as of the first day of theirs are compared."""
    said, expect = step["restate"], step.get("expect", {})
    known(said, "steps.restate")
    known(expect, "steps.expect")
    words = [word for name, value in said.items() for word in (f"--{name}", str(value))]
    ran = missionctl(root, "restate", *words)
    assert ran.code == expect.get("exit", 0), ran
    for text in expect.get("says", ()):
        assert text in ran.err + ran.out, ran
    if "results" in expect:
        compare(expect["results"], list(map(readable, csv.DictReader(results(root, said["from"]).splitlines()))))
    check_status(root, expect)
    check_corrections(root, expect)
    check_explanations(root, expect, said["from"])
    assert missionctl(root, "verify", "--deep").code == 0


def asked(step: Table) -> tuple[list[date], tuple[str, ...]]:
    """The as-of days of a step, and its command."""
    if "run" in step:
        return [step["run"]], ("run", "--date", str(step["run"]))
    only = ("--only", step["only"]) if "only" in step else ()
    first, last = step["backfill"]
    days = [first + n * DAY for n in range((last - first).days + 1)]
    return days, ("backfill", "--from", str(first), "--to", str(last), *only)


def check_report(expect: Table, report: Table) -> None:
    if "computed" in expect:
        got = [(source, day, why) for source, days in report["computed"].items() for day, why in days.items()]
        compare(expect["computed"], [dict(zip(("source", "day", "why"), row, strict=True)) for row in got])


def check_results(root: Path, expect: Table, as_of: list[date], past: Past) -> None:
    text = expect.get("results")
    whole = text is not None and "as_of" in rows_of(text)[0]
    found = {day: results(root, day) for day in (as_of if whole else as_of[-1:])}
    if text is not None:
        compare(text, [row for rows in found.values() for row in map(readable, csv.DictReader(rows.splitlines()))])
    if expect.get("raw_rows_agree", True):
        check_raw_rows(root, found, past)


def results(root: Path, day: date) -> str:
    ran = missionctl(root, "results", "--date", str(day), "--format", "csv")
    assert ran.code == 0, ran
    return ran.out


def readable(row: Row) -> Row:
    """A row of the CSV with the two ends of the window in one cell, and short names."""
    window = f"{row['window_start']}..{row['window_end']}"
    return row | {"mission": row["mission_id"], "supplier": row["supplier_id"], "window": window}


def check_raw_rows(root: Path, found: Mapping[date, str], past: Past) -> None:
    try:
        naive = Naive(root, past.rosters)
        wanted = {day: naive.results(day, past.days) for day in found}
    except OutOfScope:
        return
    for day, text in found.items():
        assert differences(parse_results(text), wanted[day], tolerance=0) == []


def check_status(root: Path, expect: Table) -> None:
    ran = missionctl(root, "status", "--json")
    state = json.loads(ran.out)
    for row in state["sources"]:
        parts = sum(row[word] for word in ("new", "updated", "duplicate", "superseded", "rejected"))
        assert row["records"] == parts, row
    if "stale" in expect:
        assert [row["as_of"] for row in state["stale_results"]] == [day.isoformat() for day in expect["stale"]]
    if "accounting" in expect:
        compare(expect["accounting"], [{key: str(value) for key, value in row.items()} for row in state["sources"]])
    if "refused" in expect:
        compare(expect["refused"], [row | {"file": short(row["file"])} for row in state["refused"]])
    if "rejects" in expect:
        rows = [{"file": short(row["file"]), "line": str(row["line"]), **named(row)} for row in state["rejects"]]
        compare(expect["rejects"], sorted(rows, key=lambda row: (row["file"], int(row["line"]))))


def check_corrections(root: Path, expect: Table) -> None:
    """Every correction that there ever was, with its decision and cause; and that what is owed by the open ones adds up."""
    rows = list(csv.DictReader(missionctl(root, "corrections", "--all", "--format", "csv").out.splitlines()))
    owed = [Decimal(row["owed"]) for row in rows if row["state"] == "open"]
    told = json.loads(missionctl(root, "status", "--json").out)["corrections"]
    assert (told["open"], Decimal(told["owed_to_suppliers"])) == (len(owed), sum(one for one in owed if one > 0))
    assert Decimal(told["owed_by_suppliers"]) == -sum(one for one in owed if one < 0)
    if "corrections" in expect:
        found = [readable(row) | {"was": row["old_status"], "is": row["new_status"], "file": short(row["file"])} for row in rows]
        wanted = expect["corrections"]
        if wanted:
            compare(wanted, found)
        else:
            assert found == []


def named(row: Table) -> Row:
    return {"column": row["column_name"] or "", "reason": row["reason"]}


def short(file: str) -> str:
    return file.removeprefix("data/exports/")


def check_explanations(root: Path, expect: Table, as_of: date) -> None:
    for wanted in expect.get("explain", ()):
        known(wanted, "steps.expect.explain")
        mission = ("--mission", wanted["mission"]) if "mission" in wanted else ()
        ran = missionctl(root, "explain", "supplier", wanted["supplier"], *mission, "--date", str(wanted.get("date", as_of)))
        assert ran.code == 0, ran
        text = " ".join(ran.out.split())
        for said in wanted["says"]:
            assert said in text, ran.out
        for said in wanted.get("never_says", ()):
            assert said not in text, ran.out


def check_same_again(root: Path, command: tuple[str, ...], ran: Ran) -> None:
    before = published(root)
    again = missionctl(root, *command, "--json")
    report = json.loads(again.out)
    assert (again.code, report["batches"], report["computed"], report["evaluated"]) == (ran.code, 0, {}, []), again
    assert published(root) == before


def published(root: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time stamp of every file that readers see, the manifest with its list of runs aside."""
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted((root / "data").rglob("*.parquet"))
    }


# ---------------------------------------------------------------- tables


def rows_of(text: str) -> tuple[list[str], list[Row]]:
    """Header and rows of a table written with `|` between its columns."""
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return header, [dict(zip(header, cells, strict=True)) for cells in lines]


def compare(text: str, got: list[Row]) -> None:
    """The rows got, in the columns that the table has, are the table's, in its order."""
    header, wanted = rows_of(text)
    rows = [{name: str(row[name]) for name in header} for row in got]
    assert rows == wanted, "\n".join(["", "got", *aligned(header, rows), "", "wanted", *aligned(header, wanted)])


def aligned(header: list[str], rows: list[Row]) -> list[str]:
    """The rows as lines under each other, so that a difference is easy to see."""
    cells = [header, *([row[name] for name in header] for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(header))]
    return list(_lines(cells, widths))


def _lines(cells: list[list[str]], widths: list[int]) -> Iterator[str]:
    for line in cells:
        yield " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
