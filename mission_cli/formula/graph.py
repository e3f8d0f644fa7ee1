"""Which formula needs which, in what order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter


def order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Names such that each stands after those it needs. Raises CycleError when there is none."""
    return list(TopologicalSorter(needs).static_order())


def cycle(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """A cycle as a path that ends where it starts (`a b c a`: a needs b, b needs c, c needs a), or an empty list."""
    try:
        order(needs)
    except CycleError as error:
        path: list[str] = error.args[1]
        return path[::-1]  # graphlib lists each node before the one that needs it
    return []


def reachable(needs: Mapping[str, Iterable[str]], roots: Iterable[str]) -> set[str]:
    """The roots and everything they need, at any depth."""
    seen: set[str] = set()
    stack = list(roots)
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack.extend(needs.get(name, ()))
    return seen


def in_levels(needs: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The keys in levels, each level sorted: each key needs only keys of earlier levels; other names are no concern here."""
    sorter = TopologicalSorter({name: [other for other in others if other in needs] for name, others in needs.items()})
    sorter.prepare()
    levels = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        levels.append(ready)
        sorter.done(*ready)
    return levels
