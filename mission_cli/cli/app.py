"""The verbs of contract §4. Each parses, calls, renders and exits; what it needs is imported when it is called."""

from __future__ import annotations

import gc
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from mission_cli.cli import corrections, exits, rules, upkeep
from mission_cli.cli.options import (
    Asked,
    BatchNumber,
    Day,
    Export,
    FirstDay,
    Json,
    LastDay,
    Limit,
    MissionName,
    SourceName,
    SupplierName,
    asked,
    command_line,
    now,
    one_of,
    project_root,
    refuse_span,
    tell_when_ahead,
    yesterday,
)

app = typer.Typer(
    name="missionctl",
    help="Incentive missions from order exports: metric → condition → mission.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
metrics_app = typer.Typer(help="The metrics and what they are made of.", rich_markup_mode=None)
app.add_typer(metrics_app, name="metrics", invoke_without_command=True)
explain_app = typer.Typer(help="Why a number is what it is.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(explain_app, name="explain")


def main() -> None:
    """The command `missionctl`."""
    _start_light()
    exits.stand_in()
    exits.end(exits.run(app))


def _start_light() -> None:
    """Modules make objects by the ten thousand that live as long as the process: to look for garbage among them while they are
    imported is a tenth of the start. Nor is there any linear algebra for which NumPy would have to start threads."""
    gc.set_threshold(100_000, 20, 20)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _version(wanted: bool) -> None:  # noqa: FBT001  # the shape that typer calls
    if wanted:
        from mission_cli.cli.render import print_version

        print_version()
        raise typer.Exit


@app.callback()
def before_the_verb(
    context: typer.Context,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="The project directory (default: $MISSIONCTL_PROJECT, or here)."),
    ] = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show where an unexpected failure happened.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colours, as with NO_COLOR set.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Incentive missions from order exports: metric → condition → mission."""
    if verbose:
        exits.be_verbose()
    context.obj = Asked(project or Path(), not no_color)
    if context.invoked_subcommand != "init":
        context.obj = Asked(project_root(project), not no_color)


@app.command()
def init(
    context: typer.Context,
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where (default: --project, or here).")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="With the exports of a small simulated marketplace.")] = False,
) -> None:
    """Make a new project directory."""
    from mission_cli.cli.render import print_init
    from mission_cli.demo.project import init_project

    root = directory or asked(context).root
    print_init(root, init_project(root, demo=demo))


@app.command()
def check(context: typer.Context, as_json: Json = False) -> None:
    """Show every mistake of metrics.toml, missions.toml and the SQL they name."""
    from mission_cli.checks import all_problems, all_warnings
    from mission_cli.cli.render import print_check

    root = asked(context).root
    project, problems = all_problems(root)
    warnings = all_warnings(root, project) if project is not None and not problems else []
    print_check(project, problems, warnings, as_json=as_json)
    exits.leave(exits.USAGE if problems else exits.DONE)


@app.command()
def run(context: typer.Context, day: Day = None, as_json: Json = False) -> None:
    """Load new exports, compute what is stale, evaluate missions as of a day (default: yesterday there)."""
    from mission_cli.checks import checked_project
    from mission_cli.cli.progress import watching
    from mission_cli.cli.render import print_report
    from mission_cli.pipeline import run_day

    project = checked_project(asked(context).root)
    as_of = day or yesterday(project.timezone, project.day_start)
    tell_when_ahead(as_of, project.timezone, project.day_start)
    with watching(color=asked(context).color) as watch:
        report = run_day(project, as_of, command_line(), now(), watch)
    print_report(report, as_json=as_json)
    exits.leave(exits.WITH_REFUSALS if report.refused else exits.DONE)


@app.command()
def backfill(
    context: typer.Context,
    first: FirstDay = None,
    last: LastDay = None,
    only: Annotated[str | None, typer.Option("--only", metavar="WHICH", help="missing, stale or all of these days.")] = None,
    as_json: Json = False,
) -> None:
    """The same as `run` for each day in turn; goes on where it stopped. With --only the days may be left out."""
    from mission_cli.checks import checked_project
    from mission_cli.cli.progress import watching
    from mission_cli.cli.render import print_report
    from mission_cli.pipeline import Only
    from mission_cli.pipeline import backfill as run_days

    which = one_of(only, Only, "--only")
    refuse_span(first, last, needed=which is None)
    project = checked_project(asked(context).root)
    if last is not None:
        tell_when_ahead(last, project.timezone, project.day_start)
    with watching(color=asked(context).color) as watch:
        report = run_days(project, first, last, which, command_line(), now(), watch)
    print_report(report, as_json=as_json)
    exits.leave(exits.WITH_REFUSALS if report.refused else exits.DONE)


@app.command()
def results(
    context: typer.Context,
    day: Day = None,
    mission: MissionName = None,
    supplier: SupplierName = None,
    form: Annotated[str, typer.Option("--format", metavar="FORM", help="table, csv, json or parquet.")] = "table",
    limit: Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="At most N rows of the table.")] = None,
    as_json: Json = False,
) -> None:
    """Print the results as of a day (default: the newest that is published)."""
    from mission_cli.cli.render import FORMS, print_results
    from mission_cli.views.results import read_results

    if form not in FORMS:
        raise typer.BadParameter(f'"{form}" is not a format; choose {", ".join(FORMS)}')
    found = read_results(asked(context).root, day, mission, supplier, now().date())
    print_results(found, "json" if as_json else form, limit, color=asked(context).color)
    if found.rows.is_empty():
        exits.say(f"no rows as of {found.as_of}")
    if found.note is not None:
        exits.say(f"missionctl: {found.note}")


@app.command()
def progress(
    context: typer.Context,
    supplier: Annotated[str, typer.Argument(metavar="SUPPLIER", help="The supplier's id or alias.")],
    mission: MissionName = None,
    day: Day = None,
    as_json: Json = False,
) -> None:
    """Show how far a supplier is in each running mission, what is missing, and whether it can still be reached."""
    from mission_cli.cli.bars import print_progress
    from mission_cli.config.load import load_project
    from mission_cli.views.progress import supplier_progress

    root = asked(context).root
    project = load_project(root)
    running_day = yesterday(project.timezone, project.day_start) + timedelta(days=1)
    found = supplier_progress(project, root, supplier, mission, day, running_day, now().date())
    print_progress(found, as_json=as_json, color=asked(context).color)


@app.command()
def missions(context: typer.Context, day: Day = None, as_json: Json = False) -> None:
    """List the missions: window, population, conditions, rewards, and when the next decision is due."""
    from mission_cli.cli.lineup import print_missions
    from mission_cli.config.load import load_project
    from mission_cli.views.missions import mission_entries

    root = asked(context).root
    project = load_project(root)
    found = mission_entries(project, root, day, yesterday(project.timezone, project.day_start))
    print_missions(found, as_json=as_json, color=asked(context).color)


@app.command()
def status(
    context: typer.Context,
    batches: Annotated[
        bool, typer.Option("--batches", help="Every file that was loaded or refused, with its accounting.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show batches, rejects, partitions, stale days, the last runs, and undelivered operations."""
    from mission_cli.cli.render import print_status
    from mission_cli.views.status import read_status

    print_status(read_status(asked(context).root, batches=batches), as_json=as_json, color=asked(context).color)


@app.command()
def rejects(
    context: typer.Context,
    batch: BatchNumber = None,
    source: SourceName = None,
    export: Export = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List the records that could not be taken: file, line, column, reason, and their text."""
    from mission_cli.cli.lists import export_rows, print_rejects
    from mission_cli.views.batches import Wanted, read_rejects

    rows = read_rejects(asked(context).root, Wanted(batch, source))
    if export is not None:
        export_rows(rows, export)
    else:
        print_rejects(rows, limit, as_json=as_json, color=asked(context).color)


@app.command()
def duplicates(
    context: typer.Context,
    batch: BatchNumber = None,
    source: SourceName = None,
    export: Export = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List the records that changed nothing (duplicate, superseded) or lost a conflict, and where the winner came from."""
    from mission_cli.cli.lists import export_rows, print_duplicates
    from mission_cli.views.batches import Wanted, read_duplicates

    rows = read_duplicates(asked(context).root, Wanted(batch, source))
    if export is not None:
        export_rows(rows, export)
    else:
        print_duplicates(rows, limit, as_json=as_json, color=asked(context).color)


@explain_app.command("supplier")
def explain_supplier(
    context: typer.Context,
    supplier: Annotated[str, typer.Argument(metavar="ID", help="The supplier's id or alias.")],
    mission: MissionName = None,
    day: Day = None,
    everything: Annotated[bool, typer.Option("--all", help="Every order, not only the newest.")] = False,
    as_json: Json = False,
) -> None:
    """Explain a supplier's results: mission, condition, formula, metrics, days, and the very orders."""
    from mission_cli.cli.render import print_explanation
    from mission_cli.config.load import load_project
    from mission_cli.views.explain import explain_supplier as explained

    root = asked(context).root
    found = explained(load_project(root), root, supplier, mission, day, now().date())
    print_explanation(found, as_json=as_json, everything=everything, color=asked(context).color)


@app.command()
def functions(context: typer.Context, as_json: Json = False) -> None:
    """List the functions of the expression language."""
    from mission_cli.cli.catalog import print_functions

    print_functions(as_json=as_json, color=asked(context).color)


@metrics_app.callback()
def list_metrics(context: typer.Context, as_json: Json = False) -> None:
    """List the metrics with type, source, and who needs them; `metrics graph` draws them."""
    from mission_cli.cli.catalog import print_metrics
    from mission_cli.config.load import load_project

    if context.invoked_subcommand is None:
        print_metrics(load_project(asked(context).root), as_json=as_json, color=asked(context).color)


@metrics_app.command("graph")
def metrics_graph(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", metavar="FORM", help="tree, mermaid or json.")] = "tree",
) -> None:
    """Draw missions, conditions, metrics and sources: what needs what."""
    from mission_cli.cli.catalog import GRAPH_FORMS, print_graph
    from mission_cli.config.load import load_project

    if form not in GRAPH_FORMS:
        raise typer.BadParameter(f'"{form}" is not a format; choose {", ".join(GRAPH_FORMS)}')
    print_graph(load_project(asked(context).root), form, color=asked(context).color)


rules.register(app)
corrections.register(app)
upkeep.register(app)
