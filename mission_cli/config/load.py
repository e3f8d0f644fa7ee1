"""The project directory's two files → the checked project, or every problem in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mission_cli.config.build_metrics import build_metrics
from mission_cli.config.build_missions import build_missions
from mission_cli.config.build_sources import build_project, build_sources, build_suppliers
from mission_cli.config.places import KeyPath
from mission_cli.config.read import TomlFile
from mission_cli.formula.check import Scope
from mission_cli.model.errors import ConfigurationError
from mission_cli.model.expression import Type
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.problems import Problem
from mission_cli.model.project import Project

METRICS, MISSIONS = "metrics.toml", "missions.toml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What could be read: a project without what is wrong in it, and all problems. Only for `check`."""

    project: Project | None
    problems: tuple[Problem, ...]


def load_project(root: Path) -> Project:
    """The project in the directory `root`. Raises ConfigurationError with every problem of both files."""
    loaded = read_project(root)
    if loaded.problems or loaded.project is None:
        raise ConfigurationError(loaded.problems)
    return loaded.project


def located(root: Path, problems: Iterable[Problem]) -> list[Problem]:
    """The problems, each with the place of its key path where that is in a TOML file and not known yet."""
    files = {name: TomlFile(root, name) for name in (METRICS, MISSIONS)}
    return [
        replace(problem, line=place[0], column=place[1])
        if not problem.line and problem.file in files and (place := files[problem.file].place(_keys(problem.path)))
        else problem
        for problem in problems
    ]


def _keys(path: str) -> KeyPath:
    """`missions.m.conditions[0].val` as keys and indexes."""
    return tuple(int(index) if index else key for index, key in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path))


def read_project(root: Path, texts: Mapping[str, str] | None = None) -> Loaded:
    """Everything that is right in both files, and everything that is not. `texts`: see `Project.texts`; without them the files
    are read as they are."""
    metrics_file, missions_file = TomlFile(root, METRICS, texts), TomlFile(root, MISSIONS, texts)
    head, project = None, None
    timezone = "UTC"
    parsed = metrics_file.parsed
    if parsed:
        metrics_file.refuse_other_sections(("project", "sources", "metrics", "suppliers"))
        head = build_project(metrics_file)
        timezone = head[1] if head else timezone
    sources = build_sources(metrics_file, timezone) if parsed else []
    metrics = build_metrics(metrics_file, sources) if parsed else []
    suppliers = build_suppliers(metrics_file, timezone) if parsed else None
    missions = []
    if missions_file.parsed and parsed:
        missions_file.refuse_other_sections(("missions",))
        scope = Scope(dict.fromkeys(metrics_file.section("metrics"), Type.DOUBLE), "metric")
        missions = build_missions(missions_file, scope, suppliers, supplier_table="suppliers" in metrics_file.tables)
    problems = sorted({*metrics_file.problems, *missions_file.problems})
    if head is not None:
        name, timezone, day_start, keeps = head
        everything = tuple(sources), tuple(metrics), suppliers, tuple(missions)
        code = {metric.file: metric.code for metric in metrics if isinstance(metric, DailyMetric) and metric.file}
        read = {METRICS: metrics_file.text, MISSIONS: missions_file.text, **code}
        project = Project(root, name, timezone, day_start, *everything, keeps, tuple(sorted(read.items())))
    return Loaded(project, tuple(problems))
