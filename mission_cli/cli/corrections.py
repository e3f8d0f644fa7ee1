"""The verbs about decided missions that later data would decide otherwise: `corrections` and `restate`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from mission_cli.cli.options import (
    FirstDay,
    Json,
    LastDay,
    MissionName,
    SupplierName,
    asked,
    command_line,
    now,
    parse_day,
    refuse_span,
)


def corrections(
    context: typer.Context,
    mission: MissionName = None,
    supplier: SupplierName = None,
    first: FirstDay = None,
    last: LastDay = None,
    every: Annotated[bool, typer.Option("--all", help="Those that were withdrawn or applied, too.")] = False,
    form: Annotated[str, typer.Option("--format", metavar="FORM", help="table, csv or json.")] = "table",
    limit: Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="At most N rows of the table.")] = None,
    as_json: Json = False,
) -> None:
    """List where later data would decide missions otherwise, and what is owed. --from and --to: the days of the decisions."""
    from mission_cli.cli.corrected import FORMS, print_corrections
    from mission_cli.views.corrections import Sought, read_corrections

    if form not in FORMS:
        raise typer.BadParameter(f'"{form}" is not a format; choose {", ".join(FORMS)}')
    refuse_span(first, last, needed=False)
    rows = read_corrections(asked(context).root, Sought(mission, supplier, first, last, every), now().date())
    print_corrections(rows, "json" if as_json else form, limit, every=every, color=asked(context).color)


def restate(
    context: typer.Context,
    mission: Annotated[str, typer.Option("--mission", metavar="ID", help="The mission.")],
    first: Annotated[date, typer.Option("--from", parser=parse_day, metavar="DAY", help="The first day of decisions.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept with the corrections.")],
    last: Annotated[
        date | None, typer.Option("--to", parser=parse_day, metavar="DAY", help="The last one (default: the newest).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be applied.")] = False,
    as_json: Json = False,
) -> None:
    """Put the open corrections of a mission in force: the results of these decisions are made anew, and show them."""
    from mission_cli.checks import checked_project
    from mission_cli.cli.corrected import print_restated
    from mission_cli.cli.progress import watching
    from mission_cli.pipeline import restate as restated

    refuse_span(first, last, needed=False)
    if not reason.strip():
        raise typer.BadParameter("--reason is empty; say why, it is kept with the corrections")
    project = checked_project(asked(context).root)
    with watching(color=asked(context).color) as watch:
        found = restated(project, mission, (first, last), reason.strip(), command_line(), now(), watch, dry=dry_run)
    print_restated(found, dry=dry_run, as_json=as_json, color=asked(context).color)


def register(app: typer.Typer) -> None:
    """Make them verbs of the command line."""
    for verb in (corrections, restate):
        app.command()(verb)
