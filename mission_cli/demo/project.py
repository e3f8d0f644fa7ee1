"""A new project directory: the two files, the folders, and with --demo the exports of the simulated marketplace."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mission_cli.model.errors import UsageError

_EXPORTS = "data/exports"


def init_project(root: Path, *, demo: bool) -> list[str]:
    """Make or complete the project directory `root`; returns what was written, a line each.

    A file that is there with the same content is kept. Raises UsageError, before anything is written, when one is there
    with other content.
    """
    wanted = dict(_template("market" if demo else "template"))
    others = [name for name, content in wanted.items() if (root / name).exists() and not _same(root / name, content)]
    if others:
        raise UsageError(
            f"{root}: {', '.join(others)} already there with other content; choose an empty directory, or move them away"
        )
    written = []
    for name, content in wanted.items():
        if not (root / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
            written.append(name)
    for folder in ("sql", _EXPORTS):
        (root / folder).mkdir(parents=True, exist_ok=True)
    return written + (_demo_exports(root / _EXPORTS) if demo else [])


def _same(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _template(name: str) -> list[tuple[str, bytes]]:
    """Relative name and content of every file of a packaged project."""
    found: list[tuple[str, bytes]] = []

    def collect(folder: Traversable, prefix: str) -> None:
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if entry.is_dir():
                collect(entry, f"{prefix}{entry.name}/")
            else:
                found.append((prefix + entry.name, entry.read_bytes()))

    collect(files("mission_cli.demo").joinpath(name), "")
    return found


def _demo_exports(exports: Path) -> list[str]:
    from mission_cli.demo.simulate import Marketplace, simulate

    market = Marketplace()
    counts = simulate(exports, market)
    last = max(exports.glob("orders/*.csv")).stem.removeprefix("orders_")
    said = f"{counts.files} files, {counts.rows:,} rows, {counts.orders:,} orders of {market.suppliers} suppliers"
    return [f"{_EXPORTS}: {said}, {market.first_day} to {last}"]
