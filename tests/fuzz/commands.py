"""A few files through the real command line: `missionctl run` on a project, its exit code, what it says, its accounts."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.fuzz.book import Book
from tests.fuzz.files import GROUP, Made, group_spec, made
from tests.fuzz.group import Beat, Failure, Tally, silent
from tests.fuzz.reference import expected
from tests.fuzz.spec import MISSIONS_TOML
from tests.support import missionctl

FILES = 12
_WORDS = ("new", "updated", "duplicate", "superseded")


def run_command(seed: int, group: int, beat: Beat = silent) -> Tally:
    """The first files of a group, loaded by one `missionctl run`, and again, which must find nothing new."""
    spec = replace(group_spec(seed, group), longest=4 << 20)
    files = [made(seed, number) for number in range(group * GROUP, group * GROUP + FILES)]
    beat([file.number for file in files])
    tally, book = Tally(), Book(spec)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        folder = root / "data" / "exports" / "orders"
        folder.mkdir(parents=True)
        (root / "metrics.toml").write_text(spec.metrics_toml(), "utf-8")
        (root / "missions.toml").write_text(MISSIONS_TOML, "utf-8")
        for file in files:
            (folder / file.name).write_bytes(file.content)
        ran = missionctl(root, "run", "--date", "2024-05-07")
        beat([file.number for file in files])
        again = missionctl(root, "run", "--date", "2024-05-07")
        tally.commands["files"] += len(files)
        tally.commands[f"exit {ran.code}"] += 1

        def fail(file: Made, text: str) -> None:
            tally.failures.append(Failure(file.number, "command", text, file.name, file.content, file.did, spec))

        said = ran.out + ran.err + again.out + again.err
        if ran.code not in (0, 1) or again.code != ran.code or "Traceback" in said:
            fail(files[0], f"the files from here to {files[-1].number}: exit {ran.code}, again {again.code}: {said[-600:]}")
            return tally
        table = json.loads((root / "data" / "manifest.json").read_text("utf-8"))["state"]["batches"]
        entries = {row["file"]: row for row in (dict(zip(table["columns"], values, strict=True)) for values in table["rows"])}
        contents: set[bytes] = set()
        for file in files:
            if file.content in contents:
                continue
            contents.add(file.content)
            wanted = expected(file.content, file.ending, spec)
            did = book.take({} if wanted.refused else wanted.rows)
            shown = (wanted.refused is None, wanted.records if not wanted.refused else None, *(did[word] for word in _WORDS))
            entry = entries.get(f"data/exports/orders/{file.name}", {})
            loaded = entry.get("status") == "loaded"
            got = (loaded, entry.get("records") if loaded else None, *(entry.get(word) for word in _WORDS))
            if got != shown:
                fail(file, f"the manifest has {got}, the reference {shown} ({wanted.refused}; {entry.get('reason')})")
        if ran.code != int(any(entry["status"] == "refused" for entry in entries.values())):
            fail(files[0], f"the files from here: exit {ran.code} does not say whether files were refused")
    return tally
