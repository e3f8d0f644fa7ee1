"""Standard error and exit codes: the only module that writes the one and decides the other (contract §4)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import typer

from mission_cli.model.errors import ConfigurationError, MissionctlError
from mission_cli.model.text import printable

DONE, WITH_REFUSALS, USAGE, FAILED, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 130
_verbose = False


def be_verbose() -> None:
    """Show tracebacks of unexpected failures."""
    global _verbose  # noqa: PLW0603  # one switch of the process, set once by -v
    _verbose = True


def say(text: str) -> None:
    """One message for people. What would steer a terminal is shown as an escape."""
    print(printable(text, keep="\n"), file=sys.stderr, flush=True)


def stand_in() -> None:
    """Let a standard stream that the process was started without lead nowhere, before a file of ours gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # until the process ends


def run(app: Callable[..., Any]) -> int:
    """Run the command line; every failure becomes a message and an exit code, never a traceback."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # the command line's parser has turned Ctrl-C into this
            return _interrupted()
        return code if isinstance(code, int) else DONE
    except ConfigurationError as error:
        for problem in error.problems:
            say(f"missionctl: {problem}")
        return USAGE
    except MissionctlError as error:
        return _told(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        return _reader_left()
    except SystemExit as left:  # how the command line's parser ends when standard output is closed
        if isinstance(left.__context__, BrokenPipeError):
            return _reader_left()
        return _interrupted() if left.code == INTERRUPTED else int(left.code or DONE)
    except BaseException as error:  # noqa: BLE001  # the last line of defence; a panic of an engine is no Exception
        return _unexpected(error)


def _interrupted() -> int:
    return _told("interrupted; the same command goes on where it stopped", INTERRUPTED)


def _reader_left() -> int:
    """Nobody reads standard output any more, as with `| head`: no failure, and nothing to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _unexpected(error: BaseException) -> int:
    if hasattr(error, "exit_code") and hasattr(error, "format_message"):  # a usage error of the command line's parser
        if type(error).__name__ == "NoArgsIsHelpError":
            say(error.format_message())
            return USAGE
        command = getattr(getattr(error, "ctx", None), "command_path", "missionctl")
        hint = f" (see {command} --help)"
        return _told(f"{error.format_message().rstrip('.')}{hint}", USAGE)
    if type(error).__name__ in ("Abort", "InterruptException") or (type(error), str(error)) == (
        RuntimeError,
        "Query interrupted",
    ):
        return _interrupted()
    if type(error).__name__ == "Exit":
        return int(getattr(error, "exit_code", DONE))
    _traceback()
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        return _told(f"{named}{error.strerror or error}", FAILED)
    if type(error).__module__.split(".")[0] in ("duckdb", "_duckdb", "polars", "pyo3_runtime"):
        return _told(f"the engine failed: {str(error).strip().splitlines()[0]}", FAILED)
    return _told(f"this is a fault of missionctl itself: {type(error).__name__}: {error} (-v shows where)", FAILED)


def _traceback() -> None:
    if _verbose:
        import traceback

        traceback.print_exc()


def _told(text: str, code: int) -> int:
    say(f"missionctl: {text}")
    return code


def end(code: int) -> NoReturn:
    """End the process at once. To take apart what it has in memory would take a tenth of a second more; and when interrupted,
    engines may be at work in other threads, and nothing of theirs is needed."""
    if (database := sys.modules.get("mission_cli.store.database")) is not None and code != INTERRUPTED:
        database.end_engine()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # it was told already, and changed the code
            stream.flush()
    os._exit(code)


def leave(code: int) -> None:
    """End the command with a code other than 0."""
    if code:
        raise typer.Exit(code)
