"""What the harness tells: failures as they come, each with the command that shows it again, and the numbers at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.crash.disturb import Outcome

_EVERY = 200


def told(outcome: Outcome, seed: int, number: tuple[int, int], *, detailed: bool) -> None:
    """A failure at once; now and then how many are done, of how many."""
    what = outcome.disturbance
    if outcome.wrong:
        print(f"{what.token}: at {outcome.at}\n    " + "\n    ".join(outcome.wrong))
        print(f"    make crash SEED={seed} REPLAY={what.token}", flush=True)
    elif detailed:
        print(f"{what.token}: at {outcome.at}: exit code {outcome.code}, everything held", flush=True)
    elif number[0] % _EVERY == 0:
        print(f"… {number[0]:,} of {number[1]:,}", flush=True)


def summary(outcomes: Sequence[Outcome], seed: int, seconds: float) -> str:
    """The numbers of a run."""
    lines = [f"crashes, seed {seed}", f"{'':<12}{'done':>8}{'struck':>8}{'kills':>8}{'failed':>8}"]
    for kind in ("kill", "torn", "chain", "EIO", "ENOSPC"):
        mine = [outcome for outcome in outcomes if outcome.disturbance.kind == kind]
        if mine:
            numbers = (len(mine), sum(o.struck for o in mine), sum(o.kills for o in mine), sum(bool(o.wrong) for o in mine))
            lines.append(f"{kind:<12}" + "".join(f"{number:>8,}" for number in numbers))
    where = Counter(outcome.disturbance.scenario for outcome in outcomes)
    lines.append("scenarios: " + ", ".join(f"{name} {count:,}" for name, count in where.items()))
    failures = [outcome for outcome in outcomes if outcome.wrong]
    lines += [f"make crash SEED={seed} REPLAY={outcome.disturbance.token}" for outcome in failures[:50]]
    return "\n".join([*lines, f"failures: {len(failures)}", f"{seconds:.0f} s"])
