"""How to mend a text: hints for what the grammar does not take, and for values of the wrong type. Only asked after a mistake."""

from __future__ import annotations

import re

from mission_cli.model.expression import Type

ONE_ORDER = 'what happens over orders and days is told by the metric\'s "day" and "over_days"'
_DATES = "write DATE '2026-10-31' or TIMESTAMP '2026-10-31 17:00'"
_COMMENT = 'comments are not part of the language: write it in the "description", or after # outside of the quotes'
_BEFORE = re.compile(r"(--|//|/\*|\*\*|->|=>|=<)\Z")
_PAIRS = {
    "--": _COMMENT,
    "//": "floor(… / …) is the whole part of a quotient",
    "/*": _COMMENT,
    "**": "write … * …",
    "->": "functions of one's own are not part of the language",
    "=>": "at least is written >=",
    "=<": "at most is written <=",
    ":=": "nothing is assigned here: equality is a single =",
}
_SIGNS = {
    ";": "one expression only, without ;",
    '"': "text stands in single quotes: 'SGN'",
    "`": "names stand without quotes",
    "?": "write CASE WHEN … THEN … ELSE … END, or if(…, …, …)",
    "&": "write AND",
    "|": "write OR; texts cannot be joined",
    "!": "write NOT, or <> for not equal",
    "[": "a list stands in parentheses: IN ('a', 'b')",
    "{": "structures are not part of the language",
    ":": "casts are not part of the language",
    ".": "names have no table before them",
    "'": "the text is not closed with a second '",
    "^": "write … * …",
    "~": "write LIKE, with % and _ in the pattern",
    "#": _COMMENT,
    "$": "parameters are not part of the language: write the value itself",
    "@": "parameters are not part of the language: write the value itself",
}
_WORDS = {
    "ilike": "write lower(…) LIKE …",
    "is": "IS NULL and IS NOT NULL are all there is; else write =",
    "case": "each branch is WHEN … THEN …",
    "between": "written BETWEEN … AND …",
    "in": "written IN (1, 2) or IN ('a', 'b'), with at least one value",
    "date": _DATES,
    "timestamp": _DATES,
    "lambda": "functions of one's own are not part of the language",
    "as": "nothing is renamed here",
    "end": "each branch is WHEN … THEN …",
    "if": "written if(…, …, …), or CASE WHEN … THEN … ELSE … END",
}
_STATEMENT = re.compile(
    r"\b(select|from|insert|update|delete|drop|create|copy|attach|pragma|set|union|filter|over|exists|cast|try_cast|interval)\b",
    re.IGNORECASE,
)
_TEXT = re.compile(r"'[^']*'")
_COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")


def word_around(text: str, at: int) -> tuple[int, str]:
    """The run of letters, digits and points that has the character at `at`, and where it begins."""
    begin = at
    while begin and re.match(r"[\w.]", text[begin - 1]):
        begin -= 1
    found = re.match(r"[\w.]+", text[begin:])
    return begin, found.group() if found else text[at]


def for_token(text: str, at: int, found: str, *, whole: bool, value_fits: bool) -> str:
    """For what is not expected at `at`. `whole`: it is a word of the language; `value_fits`: a value would have been right."""
    if found[0] == "'" and not whole:
        return _SIGNS["'"]
    if hint := _for_sign(text, at, found, value_fits=value_fits):
        return hint
    if statement := _STATEMENT.search(_TEXT.sub("", text)):
        return f"{statement.group().upper()} is not part of the language: scalar expressions only"
    if found.lower() in ("ilike", "if", "as", "end"):
        return _WORDS[found.lower()]
    if not whole and (not found.isascii() or not found.isprintable()):
        return f"the character is U+{ord(found):04X}: names and signs are of plain ASCII, other letters stand in quotes"
    return _by_neighbours(text[:at].rstrip(), found, value_fits=value_fits)


def _for_sign(text: str, at: int, found: str, *, value_fits: bool) -> str:
    before = text[:at].rstrip()
    if found == "=" and before.endswith("="):
        return "equality is a single ="
    if pair := _BEFORE.search(text[: at + 1]):
        return _PAIRS[pair.group()]
    if "--" in _TEXT.sub("", before):
        return _COMMENT
    if text[at : at + 2] == ":=":
        return _PAIRS[":="]
    if found[0] == ":" and value_fits:
        return _SIGNS["$"]
    if text[at - 1 : at] == "'":
        return "a quote inside of text is written twice: 'it''s'"
    return _SIGNS.get(found[0], "") if found[0] != "'" else ""


def _by_neighbours(before: str, found: str, *, value_fits: bool) -> str:
    last = re.search(r"(\w+)\s*\(?\Z", before)
    word = last.group(1).lower() if last else ""
    if word in _WORDS:
        return _WORDS[word]
    if word in ("and", "or") and not value_fits:
        return f"a value is missing before {word.upper()}"
    if word == "not" and not value_fits:
        return "after a value it is NOT IN, NOT BETWEEN or NOT LIKE"
    if found == "," and (words := re.findall(r"\bbetween\b", before, re.IGNORECASE)):
        return _WORDS[words[-1].lower()]
    if value_fits:
        return f"a value is missing before {found}"
    if found == ")":
        return "it closes nothing: a ( is missing before"
    if found in _COMPARISONS:
        return "comparisons are joined with AND: 1 < qty AND qty < 3"
    if found == ",":
        return "one expression only; numbers have no comma"
    return f"an operator is missing before {found}" if re.match(r"[\w'(]", found) else f"{found} is no sign of the language"


def for_end(text: str) -> str:
    """For a text that ends too early."""
    if text.count("(") > text.count(")"):
        return "a ) is missing"
    words = [word.lower() for word in re.findall(r"\w+", _TEXT.sub("", text))]
    if words.count("case") > words.count("end"):
        return "CASE ends with END"
    if words.count("between") > words.count("and"):
        return _WORDS["between"]
    return "a value is missing at the end"


def for_type(wanted: str, given: Type) -> str:
    """For a value of the type `given` where a `wanted` must stand."""
    match wanted, given.family:
        case "boolean", _:
            return "write a condition, such as qty > 0"
        case "number", "boolean":
            return "if(…, 1, 0) makes a number of it"
        case "number", "text":
            return "numbers stand without quotes; a column's type is told in its source"
        case "number", "time":
            return "year(…), month(…), day(…), weekday(…) and hour(…) make numbers of it"
        case "text", _:
            return "text is a column of type string, or stands in single quotes: 'SGN'"
        case "timestamp", "time":
            return "a date has no hours and minutes"
    return _DATES


def for_pair(first: Type, other: Type) -> str:
    """For two values that cannot be held against each other."""
    families = {first.family, other.family}
    if "time" in families:
        return _DATES
    if "boolean" in families:
        return "a boolean is a condition by itself, or stands beside TRUE or FALSE"
    return "numbers stand without quotes, text in single quotes"
