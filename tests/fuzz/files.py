"""The files of a run, each made from the seed and its number alone: valid ones, odd ones, and damaged ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from tests.fuzz.make import Row, key_pool, packed, parquet, plain_text, random_rows
from tests.fuzz.mutate import bit_flipped, damaged, overgrown
from tests.fuzz.spec import ENDINGS, Spec, random_spec

GROUP = 40  # files of one source, loaded into one database
FLIPS = 50  # damaged copies of one file
_SIZES = (0, 1, 2, 3, 8, 8, 15, 15, 30, 60)
_FORMATS = (".csv",) * 9 + (".jsonl",) * 4 + (".parquet",) * 4 + (".csv.gz", ".csv.zst", ".jsonl.gz")
_OVERGROWN = 0.003  # of the damaged files are as long as a record may be, or longer
_ARCHIVES = (".csv.gz", ".csv.zst", ".jsonl.gz", ".csv.gz", ".csv.zst")


@dataclass(frozen=True, slots=True)
class Made:
    """A file: its bytes, and what was done to it after it was valid."""

    number: int
    ending: str
    content: bytes
    did: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.number:07}{self.ending}"


def group_spec(seed: int, group: int) -> Spec:
    """The source of a group of files."""
    return random_spec(Random(f"{seed}:group:{group}"))


def made(seed: int, number: int) -> Made:
    """The file of that number."""
    group = number // GROUP
    spec, pool = group_spec(seed, group), key_pool(group_spec(seed, group), Random(f"{seed}:keys:{group}"))
    rng = Random(f"{seed}:file:{number}")
    ending = rng.choice(_FORMATS)
    turn = rng.random()
    oddly = turn > 0.25
    content = _content(ending, spec, pool, rng, oddly=oddly)
    if turn < (0.75 if ending == ".parquet" else 0.4):
        return Made(number, ending, packed(ending, content, rng), ("odd",) if oddly else ())
    inside = ending in (".csv", ".jsonl", ".parquet") or rng.random() < 0.7
    other = _content(ending, spec, pool, rng, oddly=oddly)
    signs = _signs(spec, ending)
    if rng.random() < _OVERGROWN and ending != ".parquet":
        return Made(number, ending, packed(ending, overgrown(content, signs, rng), rng), ("overgrown",))
    if inside:
        content, did = damaged(content, other, signs, rng)
        return Made(number, ending, packed(ending, content, rng), tuple(did))
    content, did = damaged(packed(ending, content, rng), packed(ending, other, rng), signs, rng)
    return Made(number, ending, content, ("packed", *did))


def _content(ending: str, spec: Spec, pool: Sequence[Row], rng: Random, *, oddly: bool) -> bytes:
    rows = random_rows(spec, pool, rng, rng.choice(_SIZES))
    if ending == ".parquet":
        return parquet(spec, rows, rng, oddly=oddly)
    return plain_text(ending, spec, rows, rng, oddly=oddly)


def _signs(spec: Spec, ending: str) -> list[bytes]:
    """What means something in such a file."""
    if "csv" not in ending:
        return [
            sign.encode() for sign in ('"', "{", "}", ",", ":", "\n", "\r\n", "\r", "\\", "\\u0000", "[", "null", "1e9", "\ufeff")
        ]
    signs = [spec.delimiter, spec.quote or '"', "\n", "\r\n", "\r", *spec.null, spec.quote * 2 or "''", "\ufeff", "e", ".", ","]
    around = [spec.quote + spec.delimiter, spec.delimiter + spec.quote, spec.quote + "\r\n", spec.quote + "\r", "\n" + spec.quote]
    encoding = "utf-16-le" if spec.encoding == "utf-16" else spec.encoding
    return [sign.encode(encoding, "replace") for sign in (*signs, *around) if sign]


# ---------------------------------------------------------------- damage that must be noticed


def flip_spec(seed: int, group: int) -> Spec:
    """A source whose files may have any share of rejects, so that damage alone decides."""
    return replace(random_spec(Random(f"{seed}:flips:{group}")), longest=4 << 20, max_rejects=Decimal(1))


def flipped(seed: int, group: int, *, is_parquet: bool) -> tuple[Made, list[Made]]:
    """A valid file with checksums, and copies of it, each with one bit turned over or cut off somewhere."""
    spec, rng = flip_spec(seed, group), Random(f"{seed}:damage:{group}")
    ending = ".parquet" if is_parquet else _ARCHIVES[group % len(_ARCHIVES)]
    rows = random_rows(spec, key_pool(spec, rng), rng, rng.choice((5, 40, 200)))
    if is_parquet:
        content = parquet(spec, rows, rng, oddly=False, checksums=True)
    else:
        content = packed(ending, plain_text(ending, spec, rows, rng, oddly=False), rng, checksum=True)
    first = group * FLIPS
    copies = [Made(first + index + 1, ending, *_damage(content, rng)) for index in range(FLIPS)]
    return Made(first, ending, content, ()), copies


def _damage(content: bytes, rng: Random) -> tuple[bytes, tuple[str, ...]]:
    if rng.random() < 0.2:
        at = rng.choice((0, 1, len(content) - 1, rng.randrange(len(content))))
        return content[:at], (f"cut at {at}",)

    def ends() -> int:
        return rng.choice((rng.randrange(40), len(content) - 1 - rng.randrange(40)))

    at = rng.randrange(len(content)) if rng.random() < 0.7 else max(0, min(len(content) - 1, ends()))
    bit = at * 8 + rng.randrange(8)
    return bit_flipped(content, bit), (f"bit {bit} flipped",)


assert set(_FORMATS) == set(ENDINGS)
