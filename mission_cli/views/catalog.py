"""What the configuration holds: functions of the language, metrics with who needs them, and the graph of it all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mission_cli.formula.functions import FUNCTIONS
from mission_cli.formula.graph import reachable
from mission_cli.model.metrics import DailyMetric, Metric
from mission_cli.model.project import Project

_GIVES: dict[str, str] = {"same": "as its arguments"}


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A function as the README and `missionctl functions` show it."""

    example: str
    gives: str
    says: str


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """A metric; `needs` are metrics, `needed_by` metrics and, as mission.condition, conditions."""

    metric: str
    method: str
    data_type: str
    sources: tuple[str, ...]
    needs: tuple[str, ...]
    needed_by: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Node:
    """A mission, condition, metric or source, and what it needs. `id` is unique in the graph."""

    id: str
    kind: str
    label: str
    needs: tuple[str, ...]


def function_entries() -> list[FunctionEntry]:
    """Every function of the expression language."""
    return [FunctionEntry(entry.example, _GIVES.get(entry.gives, entry.gives), entry.says) for entry in FUNCTIONS.values()]


def metric_entries(project: Project) -> list[MetricEntry]:
    """Every metric, in the order of the file."""
    needs = project.needs()
    sources: dict[str, str] = {metric.id: metric.source for metric in project.metrics if isinstance(metric, DailyMetric)}
    return [
        MetricEntry(
            metric.id,
            metric.method.value if isinstance(metric, DailyMetric) else "formula",
            metric.data_type.word if isinstance(metric, DailyMetric) else "double",
            tuple(sorted({sources[name] for name in reachable(needs, [metric.id]) if name in sources})),
            tuple(needs.get(metric.id, ())),
            (*(name for name, others in needs.items() if metric.id in others), *_conditions_on(project, metric)),
            metric.description,
        )
        for metric in project.metrics
    ]


def _conditions_on(project: Project, metric: Metric) -> Iterator[str]:
    for mission in project.missions:
        for condition in mission.conditions:
            if metric.id in condition.formula.names:
                yield f"{mission.id}.{condition.name}"


def graph(project: Project) -> list[Node]:
    """Missions → conditions → metrics → sources: each node after those that need it; metrics that nothing uses come last."""
    nodes = []
    for mission in project.missions:
        ids = tuple(f"condition:{mission.id}.{condition.name}" for condition in mission.conditions)
        nodes.append(Node(f"mission:{mission.id}", "mission", mission.id, ids))
        for condition, name in zip(mission.conditions, ids, strict=True):
            label = f"{condition.name}: {condition.formula.text} {condition.target_text}"
            nodes.append(Node(name, "condition", label, _metrics(condition.formula.names)))
    for metric in project.metrics:
        if isinstance(metric, DailyMetric):
            nodes.append(Node(f"metric:{metric.id}", "metric", metric.id, (f"source:{metric.source}",)))
        else:
            label = f"{metric.id} = {metric.formula.text}"
            nodes.append(Node(f"metric:{metric.id}", "metric", label, _metrics(metric.formula.names)))
    nodes += [Node(f"source:{source.id}", "source", source.id, ()) for source in project.sources]
    return nodes


def roots(nodes: Sequence[Node]) -> list[Node]:
    """The nodes that nothing needs."""
    needed = {name for node in nodes for name in node.needs}
    return [node for node in nodes if node.id not in needed]


def mermaid(nodes: Sequence[Node]) -> str:
    """The graph as a Mermaid flowchart."""
    names = {node.id: f"n{number}" for number, node in enumerate(nodes)}
    shapes = {"mission": ('(["', '"])'), "condition": ('{{"', '"}}'), "metric": ('["', '"]'), "source": ('[("', '")]')}
    lines = ["flowchart LR"]
    for node in nodes:
        opening, closing = shapes[node.kind]
        lines.append(f"    {names[node.id]}{opening}{_escaped(node.label)}{closing}")
    lines += [f"    {names[node.id]} --> {names[other]}" for node in nodes for other in node.needs]
    return "\n".join(lines)


def _metrics(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"metric:{name}" for name in names)


def _escaped(text: str) -> str:
    """Mermaid has its own signs for what would end a label."""
    for sign, code in {"#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;"}.items():
        text = text.replace(sign, code)
    return text
