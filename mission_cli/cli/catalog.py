"""What the configuration holds, printed: functions, metrics, and the graph as a tree, as Mermaid or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from rich.tree import Tree

from mission_cli.cli.render import print_json, print_text, show
from mission_cli.cli.tables import table
from mission_cli.model.project import Project
from mission_cli.views.catalog import Node, function_entries, graph, mermaid, metric_entries, roots

GRAPH_FORMS = ("tree", "mermaid", "json")


def print_functions(*, as_json: bool, color: bool) -> None:
    """The table of functions, also in the README."""
    entries = function_entries()
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    made = table("function", "gives", "")
    for entry in entries:
        made.add_row(entry.example, entry.gives, entry.says)
    show([made], color=color)


def print_metrics(project: Project, *, as_json: bool, color: bool) -> None:
    """A line per metric."""
    entries = metric_entries(project)
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    made = table("metric", "method", "type", "source", "needed by")
    for entry in entries:
        needed_by = ", ".join(entry.needed_by) or "nothing"
        made.add_row(entry.metric, entry.method, entry.data_type, ", ".join(entry.sources), needed_by)
    show([made], color=color)


def print_graph(project: Project, form: str, *, color: bool) -> None:
    """The graph in one of GRAPH_FORMS."""
    nodes = graph(project)
    if form == "json":
        print_json([asdict(node) for node in nodes])
    elif form == "mermaid":
        print_text(mermaid(nodes))
    else:
        by_id = {node.id: node for node in nodes}
        show([_tree(root, by_id) for root in roots(nodes)], color=color, wrap=False)


def _tree(root: Node, nodes: Mapping[str, Node]) -> Tree:
    """A tree of what a node needs. A formula that several need is unfolded the first time only: sharing may be deep."""
    made = Tree(f"{root.kind} {root.label}")
    stack = [(made, name) for name in reversed(root.needs)]
    unfolded = set[str]()
    while stack:
        above, name = stack.pop()
        node = nodes[name]
        label = node.label if node.kind in ("condition", "metric") else f"{node.kind} {node.label}"
        if name in unfolded and any(nodes[other].kind == "metric" for other in node.needs):
            above.add(f"{label} (as above)")
            continue
        unfolded.add(name)
        branch = above.add(label)
        stack += [(branch, other) for other in reversed(node.needs)]
    return made
