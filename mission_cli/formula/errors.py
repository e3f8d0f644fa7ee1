"""Mistakes in the text of an expression."""

from __future__ import annotations


class FormulaError(ValueError):
    """The text is not an expression of the language. `at` is the offset of the offending character."""

    def __init__(self, at: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.at, self.message, self.hint = at, message, hint


class FormulaErrors(ValueError):
    """All mistakes of one text."""

    def __init__(self, errors: list[FormulaError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors
