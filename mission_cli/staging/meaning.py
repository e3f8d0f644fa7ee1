"""What a source's rows are read and dated by, as a fingerprint; and the suppliers' file seen as a source."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from mission_cli.model.project import CsvOptions, Project, Source, SourceId, Suppliers

SUPPLIERS = SourceId("suppliers")


def source_meaning(project: Project, source: Source) -> str:
    """Fingerprint of all that decides how a record of the source is read and dated; where the files lie is no part of it."""
    columns = [
        (c.name, c.data_type.sql, c.header, c.required, c.one_of, c.minimum and f"{c.minimum.normalize():f}", c.timezone)
        for c in source.columns
    ]
    final = source.final.canonical if source.final is not None else None
    reading = (
        source.key,
        source.supplier,
        source.time,
        source.updated,
        final,
        source.csv,
        columns,
    )
    return hashlib.sha256(repr((project.timezone, project.day_start, reading)).encode()).hexdigest()[:16]


def suppliers_as_source(suppliers: Suppliers) -> Source:
    """The file of suppliers as a source without a time: every row stands, none is dated."""
    return Source(
        SUPPLIERS,
        (suppliers.file,),
        (suppliers.key,),
        suppliers.key,
        "",
        None,
        None,
        Decimal("0.01"),
        CsvOptions(),
        suppliers.columns,
    )
