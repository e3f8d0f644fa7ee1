"""The verbs about rules that change: `plan` and `apply`."""

from __future__ import annotations

from typing import Annotated

import typer

from mission_cli.cli.options import Day, Json, Limit, MissionName, asked, command_line, now, yesterday


def plan(context: typer.Context, day: Day = None, limit: Limit = 20, as_json: Json = False) -> None:
    """Show what a run as of a day (default: yesterday there) would load, compute and publish, and why; changes nothing."""
    from mission_cli.checks import checked_project
    from mission_cli.cli.planning import print_plan
    from mission_cli.cli.progress import watching
    from mission_cli.pipeline import plan as planned

    project = checked_project(asked(context).root)
    as_of = day or yesterday(project.timezone, project.day_start)
    with watching(color=asked(context).color) as watch:
        found = planned(project, as_of, command_line(), now(), watch)
    print_plan(found, limit, as_json=as_json, color=asked(context).color)


def apply(
    context: typer.Context,
    restate: Annotated[
        bool, typer.Option("--restate", help="Windows that keep older rules follow those of today from now on.")
    ] = False,
    mission: MissionName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which windows and results.")] = False,
    as_json: Json = False,
) -> None:
    """Let running and past windows follow the rules of today, where they keep older ones; `backfill --only stale` makes their
    results anew."""
    from mission_cli.checks import checked_project
    from mission_cli.cli.planning import print_applied
    from mission_cli.cli.progress import watching
    from mission_cli.pipeline import apply as applied

    if not restate:
        raise typer.BadParameter(
            "apply needs --restate: new windows follow the rules of today by themselves, and with it those do that keep older"
            " ones (missionctl plan shows which)"
        )
    project = checked_project(asked(context).root)
    with watching(color=asked(context).color) as watch:
        found = applied(project, mission, command_line(), now(), watch, dry=dry_run)
    print_applied(found, dry=dry_run, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Make them verbs of the command line."""
    for verb in (plan, apply):
        app.command()(verb)
