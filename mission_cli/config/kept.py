"""Rules as they were: the texts of a configuration, kept in a file, and the project that they mean."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import polars as pl

from mission_cli.config.load import read_project
from mission_cli.model.errors import StorageError
from mission_cli.model.project import Project


class DamagedRulesError(StorageError):
    """A file of kept rules is gone, or its content is damaged."""


_MEND = 'restore it, or let all windows follow the rules of today with "missionctl apply --restate"'


def rule_texts(project: Project) -> pl.DataFrame:
    """What is kept of a project: name and text of each file."""
    return pl.DataFrame(project.texts, schema={"name": pl.String, "text": pl.String}, orient="row")


def kept_project(path: Path, root: Path) -> Project:
    """The project whose texts were kept in a file, as if it lay in `root`. Raises DamagedRulesError when the file is gone or
    damaged, and StorageError when only the disk fails, so that it may well be there."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DamagedRulesError(f"{path} is not there; {_MEND}") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    try:
        texts = dict(pl.read_parquet(BytesIO(content)).select("name", "text").rows())
    except pl.exceptions.PolarsError as error:
        raise DamagedRulesError(f"{path} cannot be read: {str(error).splitlines()[0]}; {_MEND}") from error
    loaded = read_project(root, texts)
    if loaded.project is None or loaded.problems:
        said = loaded.problems[0] if loaded.problems else "it holds no project"
        raise DamagedRulesError(f"{path} holds rules that this version of missionctl does not take: {said}; {_MEND}")
    return loaded.project
