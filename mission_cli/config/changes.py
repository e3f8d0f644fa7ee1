"""What is other in two versions of the configuration, key by key, for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mission_cli.config.load import METRICS, MISSIONS
from mission_cli.config.read import TomlFile
from mission_cli.formula.usage import mission_metrics
from mission_cli.model.metrics import DailyMetric
from mission_cli.model.project import Project

NONE = "(none)"
_COSMETIC = ("title", "description")


def changes_of(mission: str, then: Project, now: Project) -> list[str]:
    """`conditions.AR.val 0.7 -> 0.8`: every key of the mission, and of the metrics that it is made of, that is other now."""
    before, after = (_tables(project, MISSIONS, "missions").get(mission, {}) for project in (then, now))
    found = _differences(_flat(before), _flat(after))
    used = _used(mission, then) | _used(mission, now)
    metrics_before, metrics_after = (_tables(project, METRICS, "metrics") for project in (then, now))
    for metric in sorted(used):
        flat = (_flat(tables.get(metric, {}), f"metrics.{metric}") for tables in (metrics_before, metrics_after))
        found += _differences(*flat)
    return found + [f"{file} has other content" for file in sorted(_code(used, then, now))]


def _used(mission: str, project: Project) -> set[str]:
    return {name for one in project.missions if one.id == mission for name in mission_metrics(project, one)}


def _code(metrics: Collection[str], then: Project, now: Project) -> set[str]:
    """The SQL and Python files of the metrics whose text is other."""
    texts = [
        {m.file: m.code for m in project.metrics if isinstance(m, DailyMetric) and m.id in metrics and m.file}
        for project in (then, now)
    ]
    return {file for file in texts[0].keys() & texts[1].keys() if texts[0][file] != texts[1][file]}


def _tables(project: Project, file: str, section: str) -> dict[str, Any]:
    return TomlFile(project.root, file, dict(project.texts)).section(section)


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    keys = dict.fromkeys([*before, *after])
    return [
        f"{key} {before.get(key, NONE)} -> {after.get(key, NONE)}"
        for key in keys
        if before.get(key, NONE) != after.get(key, NONE)
    ]


def _flat(value: Any, path: str = "") -> dict[str, str]:
    """Key path → value as text; entries of a list that have a name stand under it."""
    if isinstance(value, dict):
        parts = [(name, part) for name, part in value.items() if name not in _COSMETIC]
    elif isinstance(value, list) and value and all(isinstance(part, dict) and "name" in part for part in value):
        parts = [(part["name"], {key: own for key, own in part.items() if key != "name"}) for part in value]
    else:
        return {path: _shown(value)}
    return {key: text for name, part in parts for key, text in _flat(part, f"{path}.{name}" if path else str(name)).items()}


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_shown(part)}' for name, part in value.items())}}}"
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
