"""Lines of JSON for the tables, in which any value can stand as it is given."""

from __future__ import annotations

TIME = '"at": "2024-05-06T08:00:00Z"'


def line(number: int, amount: str = "1", more: str = "", who: str = '"ann"') -> str:
    """One order; `amount`, `who` and `more` stand there as they are given."""
    return f'{{"id": "{number}", "who": {who}, {TIME}, "amount": {amount}{more}}}'


def lines(*texts: str) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass")


def xs(*values: str) -> bytes:
    """An order of 1.00 for each value of x, which stands there as it is given."""
    return lines(*(line(n, more=f', "x": {value}') for n, value in enumerate(values, start=1)))
