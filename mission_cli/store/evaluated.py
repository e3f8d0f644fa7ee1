"""The ledger's tables of evaluations: what the results as of each day were made from, mission by mission, and what they award.
Only the driver writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import polars as pl

from mission_cli.store.database import Database
from mission_cli.store.entries import Evaluation, MadeFrom


class EvaluationLedger:
    """Every method is part of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def days(self) -> list[date]:
        """The as-of days that have results, in order."""
        return [day for (day,) in self._database.rows("SELECT as_of FROM evaluations ORDER BY as_of")]

    def made_from(self, as_of_days: Sequence[date] | None = None) -> dict[date, dict[str, MadeFrom]]:
        """As-of day → mission → what its results were made from; of some of the days that have results, or of all."""
        some = "" if as_of_days is None else "WHERE list_contains($days, as_of)"
        sql = f"""SELECT as_of, mission, m.rules, m.data FROM evaluations LEFT JOIN evaluated_missions AS m USING (as_of) {some}
                  ORDER BY as_of"""
        found: dict[date, dict[str, MadeFrom]] = {}
        for day, mission, rules, data in self._database.rows(sql, {} if as_of_days is None else {"days": list(as_of_days)}):
            missions = found.setdefault(day, {})
            if mission is not None:
                missions[mission] = MadeFrom(rules, data)
        return found

    def rebase(self, found: Mapping[tuple[date, str], MadeFrom]) -> None:
        """Record other fingerprints of what the results of missions as of days were made from."""
        if found:
            rows = [(day, mission, made.data) for (day, mission), made in found.items()]
            schema = {"as_of": pl.Date, "mission": pl.String, "data": pl.String}
            self._database.replace_temporary("rebased", pl.DataFrame(rows, schema=schema, orient="row"))
            self._database.execute(
                """UPDATE evaluated_missions AS m SET data = r.data FROM rebased AS r
                   WHERE r.as_of = m.as_of AND r.mission = m.mission"""
            )

    def files(self) -> dict[date, str]:
        """As-of day → file of its results."""
        return dict(self._database.rows("SELECT as_of, file FROM evaluations"))

    def entries(self) -> dict[date, tuple[str, str]]:
        """As-of day → file of its results, and the digest of that."""
        return {day: (file, digest) for day, file, digest in self._database.rows("SELECT as_of, file, digest FROM evaluations")}

    def earlier_meanings(self) -> dict[date, str]:
        """As-of day → fingerprint of the awards before it that its results were made from; empty when it awards nothing."""
        return dict(self._database.rows("SELECT as_of, earlier FROM evaluations"))

    def rules(self) -> dict[date, str]:
        """As-of day → fingerprint of the rules that its results were made by."""
        return dict(self._database.rows("SELECT as_of, rules FROM evaluations"))

    def set_rules(self, days: Sequence[date], rules: str) -> None:
        """Record by which rules the results of as-of days count as made."""
        self._database.execute("UPDATE evaluations SET rules = ? WHERE list_contains(?, as_of)", [rules, list(days)])

    def replace(self, rules: str, made: Mapping[date, Evaluation]) -> list[str]:
        """Record the results of as-of days; returns the names of files that the ledger no longer knows."""
        days = list(made)
        old = self._database.rows("SELECT file FROM evaluations WHERE list_contains(?, as_of)", [days])
        for table in ("evaluations", "evaluated_missions"):
            self._database.execute(f"DELETE FROM {table} WHERE list_contains(?, as_of)", [days])
        self._database.execute("DELETE FROM pruned WHERE source = '' AND list_contains(?, day)", [days])
        rows = [
            {
                "as_of": day,
                "rules": rules,
                "earlier": found.earlier,
                "awards": found.awards,
                "stale": None,
                "batch": None,
                "file": found.file.name,
                "digest": found.file.digest,
                "rows": found.file.rows,
            }
            for day, found in made.items()
        ]
        self._database.insert_rows("evaluations", rows, {"stale": pl.Int32, "batch": pl.Int32})
        missions = [
            {"as_of": day, "mission": mission, "rules": one.rules, "data": one.data}
            for day, found in made.items()
            for mission, one in found.missions.items()
        ]
        self._database.insert_rows("evaluated_missions", missions)
        now = {found.file.name for found in made.values()}
        return [name for (name,) in old if name not in now]

    def latest(self) -> date | None:
        """The newest as-of day that has results."""
        ((day,),) = self._database.rows("SELECT max(as_of) FROM evaluations")
        return day  # type: ignore[no-any-return]

    def fresh(self) -> list[date]:
        """The as-of days whose results no later record is known to reach, in order."""
        return [day for (day,) in self._database.rows("SELECT as_of FROM evaluations WHERE stale IS NULL ORDER BY as_of")]

    def stale(self) -> dict[date, int]:
        """As-of day → the batch that reaches its results since they were made."""
        return dict(self._database.rows("SELECT as_of, stale FROM evaluations WHERE stale IS NOT NULL ORDER BY as_of"))

    def mark_stale(self, stale: Mapping[date, int | None]) -> None:
        """Record as-of days whose results later records reach, each with the batch, or that none does."""
        for day, batch in stale.items():
            self._database.execute("UPDATE evaluations SET stale = ? WHERE as_of = ?", [batch, day])

    def mark_restated(self, missions: Sequence[str], days: Sequence[date]) -> None:
        """Record that the results of missions as of days are to be made by other rules: the days are stale, and these missions
        were made by nothing that is now."""
        self._database.execute("UPDATE evaluations SET stale = coalesce(stale, 0) WHERE list_contains(?, as_of)", [list(days)])
        sql = "UPDATE evaluated_missions SET rules = '' WHERE list_contains(?, mission) AND list_contains(?, as_of)"
        self._database.execute(sql, [list(missions), list(days)])

    def mark_later_awards(self, days: Sequence[date], made: Sequence[date], batch: int) -> None:
        """Record that what was awarded after some days may be another amount now, since limits count over all of it; not of
        the days that were made together with them."""
        if days:
            sql = "UPDATE evaluations SET stale = ? WHERE awards <> '' AND as_of > ? AND stale IS NULL"
            self._database.execute(f"{sql} AND NOT list_contains(?, as_of)", [batch, min(days), list(made)])

    # awards

    def award_digests(self) -> dict[date, str]:
        """As-of day → fingerprint of what missions with limits awarded that day, of days on which they did; pruned ones too."""
        sql = "SELECT as_of, awards FROM evaluations UNION ALL SELECT day, awards FROM pruned"
        return dict(self._database.rows(f"SELECT * FROM ({sql}) WHERE awards <> ''"))

    def earlier_awards(self, missions: Sequence[str], before: date, without: Sequence[date]) -> pl.DataFrame:
        """What the missions awarded on days before, but for some days; columns as in the table `awards`."""
        return self._database.frame(
            "SELECT * FROM awards WHERE list_contains(?, mission_id) AND decided_on < ? AND NOT list_contains(?, decided_on)",
            [list(missions), before, list(without)],
        )

    def replace_awards(self, days: Sequence[date], standing: Collection[str], awards: pl.DataFrame) -> None:
        """Record what was awarded on as-of days, by other missions than those that stand."""
        sql = "DELETE FROM awards WHERE list_contains(?, decided_on) AND NOT list_contains(?::VARCHAR[], mission_id)"
        self._database.execute(sql, [list(days), list(standing)])
        self._database.insert_frame("awards", awards)
