"""Which rules each window was first published with, in the ledger; and the files of rules that are kept for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from mission_cli.model.calendar import Window
from mission_cli.store.database import Database
from mission_cli.store.files import Published
from mission_cli.store.manifest import BookEntry

RULE_FILE = {"name": pl.String, "text": pl.String}


def books(database: Database) -> dict[str, BookEntry]:
    """Book → what it is, the oldest first."""
    rules: dict[str, dict[str, str]] = {}
    for book, mission, found in database.rows("SELECT book, mission, rules FROM book_rules ORDER BY ALL"):
        rules.setdefault(book, {})[mission] = found
    rows = database.rows("SELECT book, file, since FROM rule_books ORDER BY rowid")
    return {book: BookEntry(file, since, rules.get(book, {})) for book, file, since in rows}


def has_book(database: Database, book: str) -> bool:
    """Whether a book is recorded."""
    return bool(database.rows("SELECT 1 FROM rule_books WHERE book = ?", [book]))


def kept_books(database: Database) -> list[tuple[str, str]]:
    """Every mission and book that windows were first published with."""
    rows = database.rows("SELECT DISTINCT mission, book FROM window_rules ORDER BY ALL")
    return [(mission, book) for mission, book in rows]


def kept_windows(database: Database, mission: str, names: Sequence[str]) -> frozenset[Window]:
    """The windows of a mission that were first published with one of the books."""
    sql = "SELECT window_start, window_end FROM window_rules WHERE mission = ? AND list_contains(?, book)"
    return frozenset(Window(start, end) for start, end in database.rows(sql, [mission, list(names)]))


def has_new(database: Database, windows: pl.DataFrame) -> bool:
    """Whether any of the windows (mission_id, window_start, window_end) was never published before."""
    database.replace_temporary("windows_now", windows)
    return bool(database.rows(f"SELECT 1 FROM ({_NEW}) LIMIT 1"))


def keep_new(database: Database, book: str) -> None:
    """Record the new ones of the windows last asked about by `has_new`."""
    database.execute(f"INSERT INTO window_rules SELECT mission_id, window_start, window_end, ? FROM ({_NEW})", [book])


_NEW = """
    SELECT n.* FROM windows_now AS n ANTI JOIN window_rules AS w
    ON w.mission = n.mission_id AND w.window_start = n.window_start AND w.window_end = n.window_end"""


def add_book(database: Database, book: str, since: date, rules: Mapping[str, str], file: Published) -> None:
    """Record the rules of all missions."""
    database.execute("INSERT INTO rule_books VALUES (?, ?, ?, ?)", [book, since, file.name, file.rows])
    frame = pl.DataFrame(
        {"mission": list(rules), "rules": list(rules.values())}, schema=dict.fromkeys(("mission", "rules"), pl.String)
    )
    database.insert_frame("book_rules", frame.with_columns(pl.lit(book).alias("book")))


def forget_kept(database: Database, mission: str, names: Sequence[str]) -> list[str]:
    """Forget that windows of a mission were first published with some books; returns the names of files that neither a window nor
    published results need any more. Part of the caller's transaction."""
    database.execute("DELETE FROM window_rules WHERE mission = ? AND list_contains(?, book)", [mission, list(names)])
    used = " UNION ".join(f"SELECT {column} FROM {table}" for table, column in _NAMING)
    return _forget_books(database, f"book NOT IN ({used})")


_NAMING = (("window_rules", "book"), ("evaluations", "rules"), ("decisions", "rules"))


def forget_all_kept(database: Database) -> list[str]:
    """Forget every book, and what windows were first published with; returns the names of the files."""
    database.execute("DELETE FROM window_rules")
    return _forget_books(database, "TRUE")


def keep_all(database: Database, book: str, missions: Sequence[str]) -> list[str]:
    """Record that every window of the missions keeps a book that is added next, and forget all books and other windows; returns
    the names of the files."""
    database.execute("DELETE FROM window_rules WHERE NOT list_contains(?, mission)", [list(missions)])
    database.execute("UPDATE window_rules SET book = ?", [book])
    return _forget_books(database, "TRUE")


def _forget_books(database: Database, which: str) -> list[str]:
    files = database.rows(f"SELECT file FROM rule_books WHERE {which}")
    for table in ("book_rules", "rule_books"):
        database.execute(f"DELETE FROM {table} WHERE {which}")
    return [name for (name,) in files]


def kept_in_brief(database: Database) -> dict[str, list[tuple[str, list[Window] | None]]]:
    """Mission → the books that its windows were first published with, and which windows; None for the last of them, which has the
    most: all others."""
    found: dict[str, list[tuple[str, list[Window] | None]]] = {}
    counts = "SELECT mission, book, count(*) AS windows FROM window_rules GROUP BY ALL"
    for mission, book, _ in database.rows(f"{counts} ORDER BY mission, windows, book"):
        found.setdefault(mission, []).append((book, None))
    for mission, named in found.items():
        for place, (book, _) in enumerate(named[:-1]):
            named[place] = (book, sorted(kept_windows(database, mission, [book])))
    return found
