"""One disturbance of a scenario: a kill, a chain of kills, or a failing call; and what must hold then."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.crash import compare
from tests.crash.calls import Call
from tests.crash.market import SCENARIOS
from tests.crash.stage import Stage, Undisturbed, command, listed
from tests.crash.watch import GO, KILL, TEAR, Ended, watched

_HARD = -signal.SIGKILL
_DATABASE = "data/missions.duckdb"


@dataclass(frozen=True, slots=True)
class Disturbance:
    """`kind`: kill, torn, chain, EIO or ENOSPC. `number`: of the call, or of the chain. `threads`: as many as there are."""

    kind: str
    scenario: str
    number: int
    threads: bool = False

    @property
    def token(self) -> str:
        """What names it in a replay."""
        return f"{self.kind}:{self.scenario}:{self.number}" + (":threads" if self.threads else "")

    @classmethod
    def of(cls, token: str) -> Disturbance:
        kind, scenario, number, *threads = token.split(":")
        return cls(kind, scenario, int(number), bool(threads))


@dataclass(slots=True)
class Outcome:
    """What came of a disturbance: whether it struck, at which call, the exit code, how many kills, and what was wrong."""

    disturbance: Disturbance
    at: str = ""
    struck: bool = False
    code: int = 0
    kills: int = 0
    wrong: tuple[str, ...] = ()


def disturbed(stage: Stage, what: Disturbance, seed: int, *, read: bool) -> Outcome:
    """Begin the scenario anew and disturb it. `read`: have the command line and DuckDB read in between, too."""
    plan = stage.undisturbed[what.scenario]
    stage.begin(plan.scenario)
    if what.kind == "chain":
        return _chain(stage, plan, what, Random(f"{seed}:{what.token}"))
    if what.kind in ("kill", "torn"):
        return _killed(stage, plan, what, read=read)
    return _failed(stage, plan, what, read=read)


def planned(stage: Stage, kind: str) -> list[Disturbance]:
    """Every disturbance of a kind, scenario by scenario."""
    return [Disturbance(kind, name, number) for name, plan in stage.undisturbed.items() for number in plan.numbers(_FITS[kind])]


_FITS: dict[str, Callable[[Call], bool]] = {
    "kill": lambda call: call.changes,
    "torn": lambda call: call.is_write,
    "EIO": lambda call: call.changes or call.name.startswith("open"),
    "ENOSPC": lambda call: call.takes_room,
}


# ---------------------------------------------------------------- kills


class _Strike:
    """A policy: at the call with a number, or the first one after it that fits, do it."""

    def __init__(self, number: int, kind: str) -> None:
        self._number, self._fits = number, _FITS[kind]
        self._deed = {"kill": KILL, "torn": TEAR}.get(kind) or getattr(errno, kind)
        self.at: Call | None = None

    def __call__(self, number: int, call: Call) -> int:
        if self.at is not None or number < self._number or not self._fits(call):
            return GO
        self.at = call
        return self._deed


def _cut_off(stage: Stage, plan: Undisturbed, strike: _Strike, *, threads: bool) -> Ended:
    return watched(lambda: command(stage.root, plan.scenario.words), stage.root, strike, single=not threads)


def _killed(stage: Stage, plan: Undisturbed, what: Disturbance, *, read: bool) -> Outcome:
    strike = _Strike(what.number, what.kind)
    ended = _cut_off(stage, plan, strike, threads=what.threads)
    outcome = Outcome(what, str(strike.at or ""), strike.at is not None, ended.code, 1)
    wrong = [] if ended.code == (_HARD if outcome.struck else 0) else [f"ended with {ended.code}: {ended.said[-500:]}"]
    wrong += _still_readable(stage, plan, whole=not what.threads, read=read)
    wrong += _again(stage, plan, threads=what.threads)
    outcome.wrong = tuple(wrong)
    return outcome


def _chain(stage: Stage, plan: Undisturbed, what: Disturbance, dice: Random) -> Outcome:
    outcome = Outcome(what, struck=True)
    wrong: list[str] = []
    places = []
    for _ in range(dice.randint(2, 6)):
        kind, threads = dice.choice(["kill", "kill", "torn"]), dice.random() < 0.5
        strike = _Strike(dice.randint(1, dice.choice([40, len(plan.calls)])), kind)
        ended = _cut_off(stage, plan, strike, threads=threads)
        if ended.code not in (0, _HARD):
            wrong.append(f"ended with {ended.code}: {ended.said[-500:]}")
        outcome.kills += strike.at is not None
        places.append(str(strike.at or "to its end"))
        wrong += _still_readable(stage, plan, whole=False, read=dice.random() < 0.2)
        if wrong:
            break
    outcome.at = ", then ".join(places)
    outcome.wrong = tuple(wrong + _again(stage, plan, threads=what.threads))
    return outcome


def _again(stage: Stage, plan: Undisturbed, *, threads: bool) -> list[str]:
    """The same command again must leave what an undisturbed one leaves."""
    again = stage.run_and_list(plan.scenario, single=not threads)
    if again.code:
        return [f"the same command again ends with {again.code}: {again.said[-800:]}"]
    wrong = compare.differences(compare.tree(stage.root), plan.tree, "published:")
    wrong += compare.differences(listed(again), plan.tables, "table")
    if compare.shown(stage.root) != plan.shown[-1]:
        wrong.append("the manifest differs")
    if (stage.root / "data/missions.duckdb.wal").exists():
        wrong.append("missions.duckdb.wal is left over")
    return wrong


def _still_readable(stage: Stage, plan: Undisturbed, *, whole: bool, read: bool) -> list[str]:
    """What readers see after a disturbance: a state that an undisturbed run shows, too, complete and as its names say.

    `whole`: the very manifests of the undisturbed run; else only its days, each old or new.
    """
    now = compare.shown(stage.root)
    if now is None:
        return [] if plan.shown[0] is None else ["the manifest is gone"]
    wrong = compare.unreadable(stage.root, now.names)
    if whole and now not in plan.shown:
        wrong.append("readers see something that an undisturbed run never shows")
    before, after = plan.shown[0], plan.shown[-1]
    assert after is not None
    for day, name in now.results.items():
        known = {shown.results.get(day) for shown in (before, after) if shown is not None}
        if name not in known:
            wrong.append(f"results as of {day} are neither the old nor the new ones")
    if before is not None and before.results.keys() - now.results.keys():
        wrong.append("results that were there are not any more")
    if read:
        seen = stage.read(plan.scenario)
        if seen.code or seen.said not in plan.read:
            wrong.append(f"yesterday's results cannot be read, or are others: {seen.code} {seen.said[-500:]}")
    return wrong


# ---------------------------------------------------------------- failing calls


class _Fault(_Strike):
    """A policy: the call with a number fails; a full disk stays full."""

    def __init__(self, number: int, kind: str) -> None:
        super().__init__(number, kind)
        self._stays = kind == "ENOSPC"
        self.failed: list[Call] = []

    def __call__(self, number: int, call: Call) -> int:
        fails = self._stays and self.at is not None and call.takes_room
        if fails or super().__call__(number, call):
            self.failed.append(call)
            return self._deed
        return GO


def _failed(stage: Stage, plan: Undisturbed, what: Disturbance, *, read: bool) -> Outcome:
    fault = _Fault(what.number, what.kind)
    ended = _cut_off(stage, plan, fault, threads=what.threads)
    outcome = Outcome(what, str(fault.at or ""), fault.at is not None, ended.code)
    wrong = [] if fault.at is None else _told(ended, fault.failed)
    wrong += _still_readable(stage, plan, whole=False, read=read)
    wrong += _again(stage, plan, threads=what.threads)
    outcome.wrong = tuple(wrong)
    return outcome


def _told(ended: Ended, failed: list[Call]) -> list[str]:
    """The exit code is 3, and a file that failed is named. What cannot be read may be a refused file, or a mistake of the
    configuration."""
    codes = (3,) if any(call.changes for call in failed) else (1, 2, 3)
    wrong = [] if ended.code in codes else [f"ended with {ended.code}: {ended.said[-500:]}"]
    if "Traceback" in ended.said:
        wrong.append(f"a traceback: {ended.said[-500:]}")
    if not any(name in ended.said for call in failed for name in _names(call)):
        wrong.append(f"the file is not named: {ended.said[-300:]}")
    return wrong


def _names(call: Call) -> list[str]:
    """What may be said of the file. The database stands for its log, and for what it is before it has its name."""
    if call.path.startswith(_DATABASE):
        return [_DATABASE]
    return [name for name in (call.path, call.source) if name]


def scenario_names() -> list[str]:
    """The scenarios, in order."""
    return [scenario.name for scenario in SCENARIOS]
