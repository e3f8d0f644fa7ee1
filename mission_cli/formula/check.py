"""Tree → checked tree: names resolved, types and numbers of arguments verified, all mistakes of a text at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches

from mission_cli.formula import advice
from mission_cli.formula.errors import FormulaError, FormulaErrors
from mission_cli.formula.functions import FUNCTIONS, OPERATORS, Function, widest
from mission_cli.formula.parse import MAX_DIGITS, parse
from mission_cli.model.expression import Call, Expression, Literal, Name, Node, Type

_AGGREGATES = {"sum", "count", "avg", "min", "max", "mean", "median", "first", "last"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean in a place: name → type, what such a name is called there (`column`, `metric`), and how many decimal
    places a decimal one has."""

    types: Mapping[str, Type]
    noun: str
    places: Mapping[str, int] = field(default_factory=dict)


def compile_text(text: str, scope: Scope, want: str) -> Expression:
    """The checked expression of `text`, of the family `want` (number, boolean, or any). Raises FormulaErrors."""
    try:
        parsed = parse(text)
    except FormulaError as error:
        raise FormulaErrors([error]) from None
    checker = _Checker(scope)
    tree, kind = checker.visit(parsed)
    if not checker.errors and want != "any" and kind.family not in (want, "null"):
        hint = advice.for_type(want, kind)
        checker.errors.append(FormulaError(0, f"gives {_a(kind.family)}, not {_a(want)}", hint))
    if checker.errors:
        raise FormulaErrors(checker.errors)
    return Expression(text, tree, kind)


@dataclass(slots=True)
class _Checker:
    scope: Scope
    errors: list[FormulaError] = field(default_factory=list)

    def visit(self, node: Node) -> tuple[Node, Type]:
        match node:
            case Literal():
                return node, node.type
            case Name():
                return self._name(node)
            case Call():
                return self._call(node)

    def _name(self, node: Name) -> tuple[Node, Type]:
        known = {name.lower(): name for name in self.scope.types}
        found = known.get(node.name.lower())
        if found is None:
            self.errors.append(FormulaError(node.at, f'unknown {self.scope.noun} "{node.name}"', self._nearest(node.name)))
            return node, Type.NULL
        kind = self.scope.types[found]
        return Name(found, node.at, kind, self.scope.places.get(found, 0)), kind

    def _nearest(self, name: str) -> str:
        near = get_close_matches(name, self.scope.types, n=1)
        if near:
            return f'did you mean "{near[0]}"?'
        return f"{self.scope.noun}s here: {', '.join(sorted(self.scope.types)) or 'none'}"

    def _call(self, node: Call) -> tuple[Node, Type]:
        function = self._function(node)
        visited = [self.visit(arg) for arg in node.args]
        checked = Call(node.op, tuple(arg for arg, _ in visited), node.at)
        kinds = [kind for _, kind in visited]
        if function is None or not self._count_fits(node, function):
            return checked, Type.NULL
        if node.op == "case":
            return checked, self._case(node, kinds)
        if node.op == "*" and (places := sum(decimal_places(arg, self.scope) for arg in checked.args)) > MAX_DIGITS:
            hint = "round(…) a factor, or divide: the quotient is a double"
            self.errors.append(FormulaError(node.at, f"the product has {places} decimal places, more than {MAX_DIGITS}", hint))
            return checked, Type.NULL
        return checked, self._apply(node, function, kinds)

    def _function(self, node: Call) -> Function | None:
        name = node.op.removesuffix("()")
        found = FUNCTIONS.get(name) if node.op.endswith("()") else OPERATORS[name]
        if found is None:
            near = get_close_matches(name, FUNCTIONS, n=1, cutoff=0.75)
            hint = f'did you mean "{near[0]}"?' if near else f"functions: {', '.join(FUNCTIONS)}"
            if name in _AGGREGATES:
                hint = advice.ONE_ORDER
            self.errors.append(FormulaError(node.at, f'unknown function "{name}"', hint))
        return found

    def _count_fits(self, node: Call, function: Function) -> bool:
        given = len(node.args)
        if given == function.least or (function.repeats and given > function.least):
            return True
        wanted = f"at least {function.least}" if function.repeats else str(function.least)
        noun = "argument" if wanted == "1" else "arguments"
        hint = f"written like {function.example}"
        self.errors.append(FormulaError(node.at, f"{node.op.rstrip('()')} takes {wanted} {noun}, not {given}", hint))
        return False

    def _apply(self, node: Call, function: Function, kinds: list[Type]) -> Type:
        """The type that the call gives; NULL, which fits everywhere, after a mistake, so that it is told once."""
        same: list[Type] = []
        before = len(self.errors)
        for index, (arg, kind) in enumerate(zip(node.args, kinds, strict=True)):
            word = function.word(index)
            if word == "same":
                same.append(kind)
            elif word != "any" and not _fits(kind, word):
                self._mismatch(node, arg, f"takes {_a(word)}, not {_a(kind)}", advice.for_type(word, kind))
        self._agree(node, [a for i, a in enumerate(node.args) if function.word(i) == "same"], same)
        if len(self.errors) > before:
            return Type.NULL
        return Type(function.gives) if function.gives != "same" else widest(same or kinds)

    def _case(self, node: Call, kinds: list[Type]) -> Type:
        for arg, kind in list(zip(node.args, kinds, strict=True))[:-1:2]:
            if not _fits(kind, "boolean"):
                message = f"takes a boolean after WHEN, not {_a(kind)}"
                self._mismatch(node, arg, message, advice.for_type("boolean", kind))
        self._agree(node, [*node.args[1::2], node.args[-1]], [*kinds[1::2], kinds[-1]])
        return widest([*kinds[1::2], kinds[-1]])

    def _agree(self, node: Call, args: list[Node], kinds: list[Type]) -> None:
        families = {kind.family for kind in kinds} - {"null"}
        if len(families) < 2:
            return
        first = next(kind for kind in kinds if kind.family != "null")
        other = next(i for i, kind in enumerate(kinds) if kind.family not in (first.family, "null"))
        message = f"cannot hold {_a(first)} against {_a(kinds[other])}"
        self._mismatch(node, args[other], message, advice.for_pair(first, kinds[other]))

    def _mismatch(self, node: Call, arg: Node, message: str, hint: str) -> None:
        at = node.at if isinstance(arg, Literal) and arg.value is None else arg.at
        said = "-" if node.op == "negative" else node.op.rstrip("()").upper()
        self.errors.append(FormulaError(at, f"{said} {message}", hint))


def decimal_places(node: Node, scope: Scope) -> int:
    """How many decimal places an exact value has; 0 for doubles, integers and what is no number."""
    if isinstance(node, Literal):
        return max(0, -exponent) if isinstance(exponent := _exponent(node), int) else 0
    if isinstance(node, Name):
        return scope.places.get(node.name, 0)
    inner = [decimal_places(arg, scope) for arg in node.args]
    if node.op == "*":
        return sum(inner)
    function = FUNCTIONS.get(node.op[:-2]) if node.op.endswith("()") else OPERATORS[node.op]
    return max(inner, default=0) if function is not None and function.gives == "same" else 0


def _a(word: str) -> str:
    return f"an {word}" if word == "integer" else f"a {word}"


def _exponent(node: Literal) -> int | str | None:
    return node.value.as_tuple().exponent if isinstance(node.value, Decimal) else None


def _fits(kind: Type, word: str) -> bool:
    return kind is Type.NULL or word in (kind.family, kind.value)
