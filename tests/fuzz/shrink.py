"""The file of a failure made as small as it goes while it fails in the same manner."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

from tests.fuzz.files import Made
from tests.fuzz.group import run_files
from tests.fuzz.make import packed
from tests.fuzz.spec import Spec
from tests.fuzz.zstd import zstd

_SECONDS = 60


def tags_of(spec: Spec, file: Made) -> set[str]:
    """In which manners the file fails when it is loaded alone."""
    return {failure.tag for failure in run_files(spec, [file], Random(0)).failures}


def shrunk(spec: Spec, file: Made, tag: str) -> Made:
    """A smaller file that fails likewise; of an archive the bytes in it are made fewer. Parquet is left as it is."""
    if file.ending == ".parquet":
        return file

    def packs(text: bytes) -> bytes:
        return packed(file.ending, text, Random(1), checksum=True)

    text = file.content
    with suppress(OSError, EOFError, zstd.ZstdError):
        text = {".gz": gzip.decompress, "zst": zstd.decompress}.get(file.ending[-3:], bytes)(file.content)
    best = replace(file, content=packs(text)) if text != file.content else file
    if text != file.content and tag not in tags_of(spec, best):
        return file
    until = time.monotonic() + _SECONDS
    step = max(1, len(text) // 2)
    while time.monotonic() < until:
        smaller = _without_some(text, step, lambda content: tag in tags_of(spec, replace(file, content=packs(content))), until)
        if smaller == text and step == 1:
            break
        text, step = smaller, max(1, min(step // 2, len(smaller) // 2))
    return replace(file, content=packs(text))


def _without_some(text: bytes, step: int, fails: Callable[[bytes], bool], until: float) -> bytes:
    """Leave out slices of `step` bytes, one after the other, where the rest still fails."""
    at = len(text)
    while at > 0 and time.monotonic() < until:
        start = max(0, at - step)
        candidate = text[:start] + text[at:]
        if fails(candidate):
            text = candidate
        at = start
    return text
