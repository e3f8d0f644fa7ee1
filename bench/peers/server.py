"""A PostgreSQL server of our own: in a folder, reached by a socket, run by a user without privileges, ended with the block."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "shared_buffers": "1GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "synchronous_commit": "off",
    "checkpoint_timeout": "1h",
    "max_parallel_workers_per_gather": "2",
    "jit": "off",
    "listen_addresses": "",
}


def programs() -> Path | None:
    """The folder of initdb and postgres, when they and psql are there."""
    places = [found.parent for name in ("initdb",) if (found := _program(name))]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -int(place.parent.name))
    complete = [place.resolve() for place in places if (place / "initdb").exists() and (place / "postgres").exists()]
    return complete[0] if complete and _program("psql") else None


def _program(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found).resolve() if found else None


@contextmanager
def serving(folder: Path) -> Iterator[list[str]]:
    """The command of psql that talks to the server over `folder`, which is made when it is not there."""
    place = programs()
    assert place is not None
    user = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
    new = not folder.exists()
    folder.mkdir(exist_ok=True)
    if user:
        shutil.chown(folder, "nobody", "nogroup")
    folder.chmod(0o700)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": "/", **user}
    if new:
        made = subprocess.run(
            [place / "initdb", "-D", folder, "-U", "bench", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **quiet,
        )
        if made.returncode:
            raise SystemExit(made.stderr)
    with tempfile.TemporaryDirectory(prefix="pg-") as socket:  # a path of a socket must be short
        Path(socket).chmod(0o777)
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [place / "postgres", "-D", folder, "-k", socket, *settings], stderr=(folder.parent / "pg.log").open("w"), **quiet
        )
        psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "bench", "-d", "postgres"]
        try:
            _wait(psql, server)
            yield psql
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown
            server.wait()


def _wait(psql: list[str], server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if subprocess.run([*psql, "-c", "SELECT 1"], capture_output=True, check=False).returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit("the PostgreSQL server did not start; see pg.log")
