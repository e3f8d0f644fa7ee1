"""What is wrong with a project before anything is computed: both TOML files, the SQL they name, and patterns of exports."""

from __future__ import annotations

from pathlib import Path

from mission_cli.config.load import load_project, located, read_project
from mission_cli.daily.sql_metric import sql_problems
from mission_cli.model.errors import ConfigurationError
from mission_cli.model.problems import Problem
from mission_cli.model.project import Project
from mission_cli.staging.files import missing_exports
from mission_cli.store.layout import Layout
from mission_cli.store.manifest import DamagedManifestError, read_manifest


def all_problems(root: Path) -> tuple[Project | None, list[Problem]]:
    """Every mistake of both files, of the SQL they name, and of patterns that match nothing."""
    loaded = read_project(root)
    problems = list(loaded.problems)
    if loaded.project is not None:
        problems += located(root, missing_exports(loaded.project, _loaded_sources(root)))
        problems += sql_problems(loaded.project)
    return loaded.project, sorted(problems)


def all_warnings(root: Path, project: Project) -> list[Problem]:
    """What is no mistake, but perhaps not what was meant."""
    from mission_cli.config.warn import guard_warnings  # which no run needs

    return sorted(located(root, guard_warnings(project)))


def checked_project(root: Path) -> Project:
    """The project, when nothing at all is wrong with it. Raises ConfigurationError with every problem."""
    project = load_project(root)
    problems = located(root, missing_exports(project, _loaded_sources(root))) + sql_problems(project)
    if problems:
        raise ConfigurationError(problems)
    return project


def _loaded_sources(root: Path) -> set[str]:
    try:
        state = read_manifest(Layout(root).manifest).state
    except DamagedManifestError:
        return set()
    return {entry["source"] for entry in state.get("sources", ())}
