"""The verbs about rules that change: `plan`."""

from __future__ import annotations

import typer

from mission_cli.cli.options import Day, Json, asked, command_line, now, yesterday


def plan(context: typer.Context, day: Day = None, as_json: Json = False) -> None:
    """Show what a run as of a day (default: yesterday there) would load, compute and publish, and why; changes nothing."""
    from mission_cli.cli.planning import print_plan
    from mission_cli.cli.progress import watching
    from mission_cli.pipeline import checked_project
    from mission_cli.pipeline import plan as planned

    project = checked_project(asked(context).root)
    as_of = day or yesterday(project.timezone, project.day_start)
    with watching(color=asked(context).color) as watch:
        found = planned(project, as_of, command_line(), now(), watch)
    print_plan(found, as_json=as_json, color=asked(context).color)


def register(app: typer.Typer) -> None:
    """Make them verbs of the command line."""
    for verb in (plan,):
        app.command()(verb)
