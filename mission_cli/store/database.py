"""The working database: opening it, transactions, and what the driver of a run needs of DuckDB."""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from mission_cli.model.errors import StorageError
from mission_cli.store.checkpoint import ONLY_WHEN_ASKED, Checkpoints, kept_open, undone
from mission_cli.store.files import PENDING, sync
from mission_cli.store.statements import statement

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")  # see `frame_planned_once`
_MEMORY = "800MB"  # of the engine; what needs more goes to the scratch folder for the time
_FORMAT = 5  # raise it when the tables of schema.sql change
Parameters = Sequence[Any] | Mapping[str, Any]


class Database:
    """One connection. `TimeZone` is the project's, so that dates and hours of timestamps are local."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, checkpoints: Checkpoints | None = None) -> None:
        self._connection = connection
        self._checkpoints = checkpoints
        self._slots: dict[str, _Slot] = {}

    def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Run a statement for its effect."""
        self._connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows of a query that gives few."""
        return self._connection.execute(sql, parameters).fetchall()

    def frame(self, sql: str, parameters: Parameters = ()) -> pl.DataFrame:
        """The rows of a query as a Polars frame."""
        relation = self._connection.sql(sql, params=parameters or None)
        assert relation is not None, "a query gives rows"
        return relation.pl()  # type: ignore[no-any-return]

    def frames(self, sql: str, rows: int) -> Iterator[pl.DataFrame]:
        """The rows of a query as frames of at most so many, made as they are asked for. Nothing else may ask the database until
        the last; of what is executed, not a relation, the engine would keep all rows."""
        import polars as pl

        relation = self._connection.sql(sql)
        assert relation is not None, "a query gives rows"
        for batch in relation.to_arrow_reader(rows):
            yield pl.DataFrame(batch)

    def frame_planned_once(self, sql: str) -> pl.DataFrame:
        """The rows of a query that takes longer to plan than to run. `frame` has the engine plan it twice: for the columns, and
        to run it. Here its result is kept whole for a moment instead, which the engine warns of."""
        import polars as pl

        return pl.DataFrame(self._connection.execute(sql).to_arrow_table())

    def replace_temporary(self, table: str, frame: pl.DataFrame, chosen: str = "*") -> None:
        """Make `frame`, or what is `chosen` of it in SQL, a temporary table called `table`, in the place of an earlier one."""
        with self._registered(frame):
            self._connection.execute(f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT {chosen} FROM frame_to_copy')

    def replace_view(self, view: str, frame: pl.DataFrame, chosen: str) -> None:
        """Make `view` a temporary view of what is `chosen` of `frame` in SQL, in the place of an earlier one. Nothing is copied:
        for what is read once."""
        with _hearing_ctrl_c():
            self._connection.register(f"frame of {view}", frame)
            self._connection.execute(f'CREATE OR REPLACE TEMP VIEW "{view}" AS SELECT {chosen} FROM "frame of {view}"')

    def insert_frame(self, table: str, frame: pl.DataFrame) -> None:
        """Append the rows of `frame` to `table`, by name."""
        if not frame.is_empty():
            with self._registered(frame):
                self._connection.execute(f'INSERT INTO "{table}" BY NAME SELECT * FROM frame_to_copy')

    def insert_rows(self, table: str, rows: list[dict[str, Any]], types: Mapping[str, Any] | None = None) -> None:
        """Append rows to `table`, by name. `types`: of columns that may hold nothing, in Polars' terms."""
        import polars as pl

        if rows:
            self.insert_frame(table, pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None))

    @contextmanager
    def _registered(self, frame: pl.DataFrame) -> Iterator[None]:
        with _hearing_ctrl_c():
            self._connection.register("frame_to_copy", frame)
            try:
                yield
            finally:
                self._connection.unregister("frame_to_copy")

    @contextmanager
    def seeing(self, name: str, table: pa.Table) -> Iterator[None]:
        """In the block, queries may read the Arrow table under the name; nothing is copied.

        For many tables of one shape, one after the other: a transaction holds on to whatever is registered in it until it
        ends, so what is registered is a slot, and the table is only put into it for the time of the block.
        """
        slot = self._slots.get(name)
        if slot is None or not slot.schema.equals(table.schema):
            slot = _Slot(table.schema)
            with _hearing_ctrl_c():
                self._connection.register(name, slot)
            self._slots[name] = slot
        slot.table = table
        try:
            with _hearing_ctrl_c():
                yield
        finally:
            slot.table = None

    @contextmanager
    def in_any_order(self) -> Iterator[None]:
        """In the block, rows may be stored in another order than they come in, which is quicker."""
        self._connection.execute("SET preserve_insertion_order = false")
        try:
            yield
        finally:
            with suppress(duckdb.Error):  # in a transaction that has failed nothing can be executed
                self._connection.execute("RESET preserve_insertion_order")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything in the block commits together, or nothing does."""
        self._connection.execute("BEGIN")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        if self._checkpoints is not None:
            self._checkpoints.after_commit()

    def _rollback(self) -> None:
        with suppress(duckdb.Error):  # the transaction may be gone already; what made it fail is being raised
            self._connection.execute("ROLLBACK")
        self._slots.clear()  # what was registered since its begin is gone


class _Slot:
    """What DuckDB asks for the rows of a registered name, each time it reads it."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.table: pa.Table | None = None

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        rows = self.table if self.table is not None else self.schema.empty_table()
        return rows.__arrow_c_stream__(requested_schema)


@contextmanager
def _hearing_ctrl_c() -> Iterator[None]:
    """Ctrl-C that comes while DuckDB asks Python for rows would look like a failure of the engine."""
    try:
        yield
    except duckdb.Error as error:
        if KeyboardInterrupt.__name__ in str(error):
            raise KeyboardInterrupt from None
        raise


@contextmanager
def opened(path: Path, scratch: Path, timezone: str) -> Iterator[Database]:
    """The database at `path`, made when it is not there. Ends with a checkpoint. The caller holds the lock."""
    _clear(scratch)
    try:
        if not path.exists():
            _make(path)
    except duckdb.Error as error:
        raise _not_opened(path, error) from error
    undone(path)
    with kept_open(path) as descriptor:
        try:
            connection = duckdb.connect(path, config=_settings(scratch) | ONLY_WHEN_ASKED)
        except duckdb.Error as error:
            raise _not_opened(path, error) from error
        try:
            with _naming(path):
                checkpoints = Checkpoints(connection, path, descriptor)
                configure(connection, timezone)
                _refuse_other_formats(connection, path)
                connection.execute(statement("schema"))
                connection.execute("INSERT INTO format SELECT ? WHERE NOT EXISTS (FROM format)", [_FORMAT])
                yield Database(connection, checkpoints)
                checkpoints.make()
        finally:
            connection.close()


def _settings(scratch: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {"temp_directory": str(scratch), "memory_limit": _MEMORY}


class DamagedDatabaseError(StorageError):
    """There is no database, or one that can no longer be opened; `what` says which, without its name."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} {what}")
        self.what = what


def _not_opened(path: Path, error: Exception) -> DamagedDatabaseError:
    return DamagedDatabaseError(path, f"cannot be opened as a database: {first_line(error)}")


@contextmanager
def opened_to_read(path: Path, scratch: Path, timezone: str) -> Iterator[Database]:
    """The database at `path` as it is; only temporary tables can be made. The caller holds the lock.

    Raises DamagedDatabaseError when it cannot be opened; what fails inside the block passes through.
    """
    if not path.exists():
        raise DamagedDatabaseError(path, "is not there")
    _clear(scratch)
    undone(path)
    try:
        connection = duckdb.connect(path, read_only=True, config=_settings(scratch))
    except (duckdb.Error, RuntimeError) as error:
        raise _not_opened(path, error) from error
    try:
        configure(connection, timezone)
        _refuse_other_formats(connection, path)
        _lend_tables(connection)
        yield Database(connection)
    finally:
        connection.close()


@contextmanager
def nothing_yet(timezone: str) -> Iterator[Database]:
    """The empty tables of a project of which nothing was computed yet, in memory."""
    database = in_memory(timezone)
    database.execute(statement("schema"))
    yield database


def _lend_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty temporary tables in the place of those that a later version has added."""
    there = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for made in re.findall(r"CREATE TABLE IF NOT EXISTS .*?;\n", statement("schema"), re.DOTALL):
        if made.split()[5] not in there:
            connection.execute(made.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))


def _refuse_other_formats(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Tables of another version are not touched. Raises StorageError."""
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "runs" not in tables:
        return
    found = connection.execute("SELECT version FROM format").fetchone() if "format" in tables else (1,)
    if found is not None and found[0] != _FORMAT:
        raise StorageError(
            f"{path} was made by another version of missionctl (its tables have format {found[0]}, not {_FORMAT}):"
            " move data/ away, all but the exports, and compute everything again with missionctl backfill"
        )


def _clear(scratch: Path) -> None:
    """Remove what a run that was killed has left in its scratch folder."""
    scratch.mkdir(parents=True, exist_ok=True)
    for left in scratch.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def _make(path: Path) -> None:
    """Make an empty database, as a whole or not at all: DuckDB does not open one whose making was cut off."""
    temporary = path.with_name(path.name + PENDING)
    temporary.unlink(missing_ok=True)
    duckdb.connect(temporary).close()
    sync(temporary)
    temporary.replace(path)
    sync(path.parent)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """In the block, a failure of the database's own storage names it; that of a sync does not by itself."""
    try:
        yield
    except duckdb.FatalException as error:
        raise StorageError(f"{path} cannot be written: {first_line(error)}") from error


def in_memory(timezone: str) -> Database:
    """A database of its own, without a file."""
    connection = duckdb.connect()
    configure(connection, timezone)
    return Database(connection)


def kernel_engine(timezone: str) -> Database:
    """What kernels and readers compute with: only temporary tables, which nobody else sees, are to be made.

    To start DuckDB takes as long as a small query, so that a process does it once.
    """
    return Database(kernel_connection(timezone))


def kernel_connection(timezone: str) -> duckdb.DuckDBPyConnection:
    """The same for what asks DuckDB itself; to be closed."""
    connection = _started().cursor()
    configure(connection, timezone)
    return connection


@cache
def _started() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def end_engine() -> None:
    """Remove what the engine of the process may have put on disk for want of memory."""
    if _started.cache_info().currsize:
        _started().close()


def configure(connection: duckdb.DuckDBPyConnection, timezone: str) -> None:
    """Settings that results depend on. Division by zero must give NULL, never NaN: in DuckDB NaN > 0.7 is TRUE.

    What a TRY has twice inside, DuckDB computes once, before and outside of the TRY, where an overflow ends the query.
    """
    connection.execute("SET disabled_optimizers = 'common_subexpressions'")
    connection.execute("SET ieee_floating_point_ops = false")
    connection.execute("SET error_on_division_by_zero = false")
    connection.execute("SET TimeZone = ?", [timezone])
    connection.execute("SET enable_progress_bar = false")


def exact_path(path: Path) -> str:
    """A path as DuckDB's readers take it: they read `*`, `?` and `[` as a pattern.

    Beside a backslash, which in a pattern is an escape, the path is left as it is: one that exists is found first.
    """
    text = str(path)
    return text if "\\" in text else "".join(f"[{sign}]" if sign in "*?[" else sign for sign in text)


def first_line(error: BaseException) -> str:
    """The first line of an error's text."""
    return str(error).strip().split("\n", 1)[0]
