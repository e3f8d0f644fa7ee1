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


def register(app: typer.Typer) -> None:
    """Make them verbs of the command line."""
    app.command()(verify)
