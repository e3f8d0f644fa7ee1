"""The audit in its order: the database can be read, the manifest, the files, the sums, and on demand everything again."""

from __future__ import annotations

from contextlib import suppress

from mission_cli.model.errors import StorageError
from mission_cli.stages.audit.again import check_again
from mission_cli.stages.audit.evidence import check_awards, check_days, check_rejects
from mission_cli.stages.audit.files import check_files, check_manifest, find_leftovers, recorded_files, recorded_in
from mission_cli.stages.audit.findings import DATABASE, Audit
from mission_cli.stages.audit.sums import check_ledger, check_seals, unreadable_tables
from mission_cli.stages.context import Context, Watch
from mission_cli.stages.kept import follow_kept_rules
from mission_cli.store.entries import REFUSED
from mission_cli.store.layout import Layout


def audit_everything(context: Context, *, deep: bool) -> Audit:
    """Every problem that there is. Raises nothing for what is damaged."""
    audit, data = Audit(), context.layout.data
    if unreadable_tables(audit, context.database):
        _without_ledger(audit, context.layout, context.watch)
        return audit
    with suppress(StorageError):  # of rules that windows keep: what is wrong with them is found below
        follow_kept_rules(context)
    whole = context.database.rows("SELECT outcome FROM runs ORDER BY run DESC LIMIT 1") in ([("done",)], [(REFUSED,)])
    manifest = check_manifest(audit, context.layout, context.ledger if whole else None)
    if whole:
        check_seals(audit, context.database, context.layout.manifest)
    else:
        audit.notes.append("the last run was cut off or failed: until it is run again, the manifest may be older than the ledger")
    recorded = recorded_files(context.database)
    named = {file.name for file in recorded}
    shown = [recorded_in(name) for name in sorted(manifest.files - named)]
    damaged = check_files(audit, data, recorded + shown, context.watch)
    check_ledger(audit, context.database)
    check_days(audit, context.database, data, damaged)
    check_rejects(audit, context.database, data, damaged)
    check_awards(audit, context.database, data, damaged)
    audit.leftovers = find_leftovers(data, named | manifest.files)
    if deep:
        check_again(audit, context, damaged)
    return audit


def audit_without_database(layout: Layout, watch: Watch, what: str) -> Audit:
    """What can be said when the database cannot be opened."""
    audit = Audit()
    audit.damaged(DATABASE, what)
    _without_ledger(audit, layout, watch)
    return audit


def _without_ledger(audit: Audit, layout: Layout, watch: Watch) -> None:
    """The files that readers are shown, against the digests in their names."""
    manifest = check_manifest(audit, layout, None)
    audit.notes.append("the ledger cannot be read: only the files that the manifest names were looked at")
    check_files(audit, layout.data, [recorded_in(name) for name in sorted(manifest.files)], watch)
