"""Damage to the bytes of a file: what disks, networks, editors and careless scripts do to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

Damage = Callable[[bytes, bytes, Sequence[bytes], Random], bytes]
_NOT_UTF8 = (b"\xff", b"\xc3", b"\xe9", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf", b"\x80", b"\xf0\x9f\x9a")
_NUMBER_SIGNS = b"0123456789eE+-.,:TZ /"


def damaged(content: bytes, other: bytes, signs: Sequence[bytes], rng: Random) -> tuple[bytes, list[str]]:
    """Some damage, and what was done. `other`: a file to splice with; `signs`: texts that mean something in such a file."""
    did = []
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        name = rng.choice(_OFTEN)
        content = _DAMAGES[name](content, other, signs, rng)
        did.append(name)
    return content, did


def bit_flipped(content: bytes, at: int) -> bytes:
    """With the bit number `at` turned over."""
    flipped = bytearray(content)
    flipped[at // 8] ^= 1 << at % 8
    return bytes(flipped)


def _place(content: bytes, rng: Random) -> int:
    """Anywhere; more seldom in the first line, where most damage is fatal."""
    first = content.find(b"\n") + 1
    at = rng.randrange(len(content) + 1)
    return rng.randrange(first, len(content) + 1) if at < first and rng.random() < 0.7 else at


def _slice(content: bytes, rng: Random) -> tuple[int, int]:
    start = _place(content, rng)
    return start, min(len(content), start + rng.choice((1, 1, 2, 3, 5, 10, 40, 200)))


def _flip(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    return bit_flipped(content, min(len(content) - 1, _place(content, rng)) * 8 + rng.randrange(8)) if content else content


def _change(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    start, end = _slice(content, rng)
    return content[:start] + rng.randbytes(end - start) + content[end:]


def _delete(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    start, end = _slice(content, rng)
    return content[:start] + content[end:]


def _duplicate(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    start, end = _slice(content, rng)
    return content[:end] + content[start:end] * rng.choice((1, 1, 2, 20)) + content[end:]


def _swap(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    (a, b), (c, d) = sorted((_slice(content, rng), _slice(content, rng)))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[max(b, d) :] if b <= c else content


def _insert_noise(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    return _inserted(content, rng.randbytes(rng.choice((1, 2, 4, 30))), rng)


def _cut(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)] if rng.random() < 0.8 else content[_place(content, rng) :]


def _splice(content: bytes, other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    return content[: _place(content, rng)] + other[_place(other, rng) :]


def _append(content: bytes, other: bytes, _signs: Sequence[bytes], _rng: Random) -> bytes:
    return content + other


def _insert_sign(content: bytes, _other: bytes, signs: Sequence[bytes], rng: Random) -> bytes:
    return _inserted(content, rng.choice(signs) * rng.choice((1, 1, 1, 2, 3)), rng)


def _change_to_sign(content: bytes, _other: bytes, signs: Sequence[bytes], rng: Random) -> bytes:
    """A sign in the place of another one, which keeps the file nearly right."""
    found = content.find(rng.choice(signs), _place(content, rng))
    return content if found < 0 else content[:found] + rng.choice(signs) + content[found + 1 :]


def _break_utf8(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    return _inserted(content, rng.choice(_NOT_UTF8), rng)


def _nul(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    return _inserted(content, b"\0" * rng.choice((1, 1, 4, 512)), rng)


def _change_number(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    """A digit becomes another sign that numbers and times have."""
    at = _digit(content, rng)
    return content[:at] + bytes([rng.choice(_NUMBER_SIGNS)]) + content[at + 1 :]


def _grow_number(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    at = _digit(content, rng)
    return content[:at] + rng.choice((b"9", b"0", b"1")) * rng.choice((1, 5, 20, 40, 400, 5000)) + content[at:]


def _insert_exponent(content: bytes, _other: bytes, _signs: Sequence[bytes], rng: Random) -> bytes:
    at = _digit(content, rng) + 1
    return content[:at] + b"e" + rng.choice((b"", b"-", b"+")) + b"9" * rng.choice((1, 2, 3, 4, 10, 25)) + content[at:]


def overgrown(content: bytes, signs: Sequence[bytes], rng: Random) -> bytes:
    """With some megabytes in one place, in a quote or not: about as long as a record may be, or longer."""
    start = b"" if rng.random() < 0.3 else rng.choice(signs)
    size = rng.choice((1 << 20, (4 << 20) - 300, (4 << 20) + 300, 6 << 20))
    line = rng.choice((b"x" * 100, b"x" * 9_999 + b"\n", b"7"))
    return _inserted(content, start + line * (size // len(line)), rng)


def _digit(content: bytes, rng: Random) -> int:
    """The place of a digit, where there is one near a random place."""
    start = _place(content, rng)
    return next((at for at in range(start, min(start + 300, len(content))) if 48 <= content[at] < 58), start)


def _inserted(content: bytes, what: bytes, rng: Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + what + content[at:]


_DAMAGES: dict[str, Damage] = {
    "flip": _flip,
    "change": _change,
    "delete": _delete,
    "duplicate": _duplicate,
    "swap": _swap,
    "noise": _insert_noise,
    "cut": _cut,
    "splice": _splice,
    "append": _append,
    "sign": _insert_sign,
    "to sign": _change_to_sign,
    "utf-8": _break_utf8,
    "nul": _nul,
    "number": _change_number,
    "digits": _grow_number,
    "exponent": _insert_exponent,
}
_OFTEN = (*_DAMAGES, *["sign", "to sign", "number"] * 3, *["flip", "change", "delete", "cut", "splice"])
