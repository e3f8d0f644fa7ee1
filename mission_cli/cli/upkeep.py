"""The verbs that keep a project sound: `verify` and `prune`."""

from __future__ import annotations

from typing import Annotated

import typer

from mission_cli.cli import exits
from mission_cli.cli.options import Json, asked, command_line, now


def verify(
    context: typer.Context,
    deep: Annotated[bool, typer.Option("--deep", help="Compute everything again from the orders, and compare.")] = False,
    as_json: Json = False,
) -> None:
    """Find every changed byte in partitions, results and ledger, and whether their counts add up; changes nothing."""
    from mission_cli.cli.progress import watching
    from mission_cli.cli.soundness import print_audit
    from mission_cli.config.load import load_project
    from mission_cli.pipeline import verify as verified

    project = load_project(asked(context).root)
    with watching(color=asked(context).color) as watch:
        audit = verified(project, command_line(), now(), watch, deep=deep)
    print_audit(audit, as_json=as_json)
    exits.leave(exits.WITH_REFUSALS if audit.problems else exits.DONE)


def prune(
    context: typer.Context,
    keep_days: Annotated[
        int,
        typer.Option("--keep-days", min=1, max=36_500, metavar="N", help="Results as of the newest day and N days before stay."),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Remove old results, days that no window can need any more, and leftovers. Orders, rejects and awards stay."""
    from mission_cli.cli.progress import watching
    from mission_cli.cli.soundness import print_pruned
    from mission_cli.config.load import load_project
    from mission_cli.pipeline import prune as pruned

    project = load_project(asked(context).root)
    with watching(color=asked(context).color) as watch:
        found = pruned(project, keep_days, command_line(), now(), watch, dry=dry_run)
    print_pruned(found, dry=dry_run, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Make them verbs of the command line."""
    for verb in (verify, prune):
        app.command()(verb)
