"""Standard error and exit codes: the only module that writes the one and decides the other (contract §4)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from mission_cli.model.errors import ConfigurationError, MissionctlError

DONE, WITH_REFUSALS, USAGE, FAILED, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 130
_verbose = False


def be_verbose() -> None:
    """Show tracebacks of unexpected failures."""
    global _verbose  # noqa: PLW0603  # one switch of the process, set once by -v
    _verbose = True


def say(text: str) -> None:
    """One message for people."""
    print(text, file=sys.stderr, flush=True)


def run(app: Callable[..., Any]) -> int:
    """Run the command line; every failure becomes a message and an exit code, never a traceback."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else DONE
    except ConfigurationError as error:
        for problem in error.problems:
            say(f"missionctl: {problem}")
        return USAGE
    except MissionctlError as error:
        return _told(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _told("interrupted; the same command goes on where it stopped", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001  # the last line of defence
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    if hasattr(error, "exit_code") and hasattr(error, "format_message"):  # a usage error of the command line's parser
        command = getattr(getattr(error, "ctx", None), "command_path", "missionctl")
        hint = f" (see {command} --help)"
        return _told(f"{error.format_message().rstrip('.')}{hint}", USAGE)
    if type(error).__name__ in ("Abort", "InterruptException"):
        return _told("interrupted; the same command goes on where it stopped", INTERRUPTED)
    if type(error).__name__ == "Exit":
        return int(getattr(error, "exit_code", DONE))
    _traceback()
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        return _told(f"{named}{error.strerror or error}", FAILED)
    if type(error).__module__.split(".")[0] in ("duckdb", "_duckdb", "polars"):
        return _told(f"the engine failed: {str(error).strip().splitlines()[0]}", FAILED)
    return _told(f"this is a fault of missionctl itself: {type(error).__name__}: {error} (-v shows where)", FAILED)


def _traceback() -> None:
    if _verbose:
        import traceback

        traceback.print_exc()


def _told(text: str, code: int) -> int:
    say(f"missionctl: {text}")
    return code


def leave(code: int) -> None:
    """End the command with a code other than 0."""
    if code:
        raise typer.Exit(code)
