"""Text that comes from elsewhere, made fit to be shown."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """Text in which what would steer a terminal, and what is no character at all, is written as an escape. Not so `keep`."""
    if text.isprintable():
        return text
    shown = text.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() or sign in keep else sign.encode("unicode_escape").decode() for sign in shown)
