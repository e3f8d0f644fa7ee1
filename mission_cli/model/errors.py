"""The one exception tree. Each class carries the exit code of contract §4."""

from __future__ import annotations

from collections.abc import Sequence

from mission_cli.model.problems import Problem


class MissionctlError(Exception):
    """Something the user must be told; the text says what, where and how to mend it."""

    exit_code = 3


class UsageError(MissionctlError):
    """The command cannot be carried out as it was asked."""

    exit_code = 2


class ConfigurationError(MissionctlError):
    """The project's files have mistakes; all of them are in `problems`."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class StorageError(MissionctlError):
    """A file could not be read or written, or what lies in data/ is not what the ledger says."""

    exit_code = 3


class ServiceError(MissionctlError):
    """Another system did not give what it was asked for."""

    exit_code = 3


class HeldError(MissionctlError):
    """Another run holds the project."""

    exit_code = 4
