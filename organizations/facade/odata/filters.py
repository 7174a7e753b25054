"""`$filter`: from text to a tree. Pure, and bounded: neither a long nor a deep filter costs more than it may.

filter     := all ("or" all)*                all        := single ("and" single)*
single     := "not" single | "(" filter ")" | test
test       := path operator literal | literal operator path | path "in" "(" literals ")"
            | ("contains" | "startswith") "(" path "," text ")"
            | path "/any(" [name ":" filter] ")"
            | "Microsoft.Dynamics.CRM.In(PropertyName=" text ",PropertyValues=[" texts "])"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from organizations.facade.odata.faults import Fault, bad_query
from organizations.facade.odata.tokens import Kind, Token, tokens

MAX_LENGTH = 65_536  # characters, as Dataverse takes them in a batch
MAX_DEPTH = 40  # of parentheses and "not"
MAX_TESTS = 2_000

COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
TEXT_TESTS = frozenset({"contains", "startswith"})
_IN = "Microsoft.Dynamics.CRM.In"
_MIRRORED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


@dataclass(frozen=True)
class Comparison:
    """`operator` is a comparison, a text test or "in" (whose value is a tuple); `path` names a property, perhaps of
    another record ("primarycontactid/fullname") or of a lambda's variable ("r/roleid")."""

    path: tuple[str, ...]
    operator: str
    value: Any


@dataclass(frozen=True)
class Some:
    """`path/any(variable: condition)`; without a condition: there is at least one."""

    path: tuple[str, ...]
    variable: str
    condition: Node | None


@dataclass(frozen=True)
class Not:
    part: Node


@dataclass(frozen=True)
class All:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    parts: tuple[Node, ...]


Node = Comparison | Some | Not | All | Either


def parse(text: str) -> Node:
    """Raises Fault with Dataverse's code for a query that cannot be understood."""
    if len(text) > MAX_LENGTH:
        raise bad_query(f"The filter is longer than {MAX_LENGTH} characters.")
    parser = _Parser(tokens(text))
    node = parser.either(0)
    parser.expect_end()
    return node


class _Parser:
    """One pass from left to right; a method for each rule."""

    def __init__(self, found: Iterable[Token]) -> None:
        self._tokens = iter(found)
        self._next = next(self._tokens)
        self._tests = 0

    def either(self, depth: int) -> Node:
        parts = [self._all(depth)]
        while self._word("or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def expect_end(self) -> None:
        if self._next.kind is not Kind.END:
            raise self._unexpected()

    def _all(self, depth: int) -> Node:
        parts = [self._single(depth)]
        while self._word("and"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _single(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise bad_query(f"The filter is nested deeper than {MAX_DEPTH} levels.")
        if self._word("not"):
            return Not(self._single(depth + 1))
        if self._mark("("):
            node = self.either(depth + 1)
            self._require(")")
            return node
        self._tests += 1
        if self._tests > MAX_TESTS:
            raise bad_query(f"The filter has more than {MAX_TESTS} conditions.")
        return self._test(depth)

    def _test(self, depth: int) -> Node:
        if self._at_value():
            value, operator = self._value(), self._operator()
            return Comparison(self._path(), _MIRRORED[operator], value)
        path = self._path()
        if self._mark("("):
            return self._call(path, depth)
        if self._word("in"):
            self._require("(")
            return Comparison(path, "in", self._values(")"))
        operator = self._operator()
        if not self._at_value():
            raise bad_query("A property can be compared with a literal only.")
        return Comparison(path, operator, self._value())

    def _call(self, path: tuple[str, ...], depth: int) -> Node:
        name = path[-1]
        if len(path) > 1 and name == "any":
            return self._any(path[:-1], depth)
        if path == (_IN,):
            return self._in_function()
        if len(path) == 1 and name in TEXT_TESTS:
            subject = self._path()
            self._require(",")
            value = self._value()
            self._require(")")
            if not isinstance(value, str):
                raise bad_query(f"The function '{name}' looks for a text.")
            return Comparison(subject, name, value)
        raise bad_query(
            f"An unknown function with name '{name[:60]}' was found, or one that is not supported."
        )

    def _any(self, path: tuple[str, ...], depth: int) -> Node:
        if self._mark(")"):
            return Some(path, "", None)
        variable = self._path()
        self._require(":")
        condition = self.either(depth + 1)
        self._require(")")
        if len(variable) != 1:
            raise bad_query("The variable of 'any' is one word.")
        return Some(path, variable[0], condition)

    def _in_function(self) -> Node:
        self._named("PropertyName")
        name = self._value()
        self._require(",")
        self._named("PropertyValues")
        self._require("[")
        values = self._values("]")
        self._require(")")
        if not isinstance(name, str):
            raise bad_query("PropertyName wants a text.")
        return Comparison(tuple(name.split("/")), "in", values)

    # --- words ----------------------------------------------------------------------------------------------

    def _advance(self) -> Token:
        token, self._next = self._next, next(self._tokens, Token(Kind.END, "", -1))
        return token

    def _at_value(self) -> bool:
        return self._next.kind is Kind.VALUE

    def _word(self, text: str) -> bool:
        if self._next.kind is Kind.WORD and self._next.text == text:
            self._advance()
            return True
        return False

    def _mark(self, text: str) -> bool:
        if self._next.kind is Kind.MARK and self._next.text == text:
            self._advance()
            return True
        return False

    def _require(self, text: str) -> None:
        if not self._mark(text):
            raise self._unexpected(f"'{text}' expected")

    def _named(self, name: str) -> None:
        if not self._word(name):
            raise self._unexpected(f"'{name}' expected")
        self._require("=")

    def _operator(self) -> str:
        if self._next.kind is Kind.WORD and self._next.text in COMPARISONS:
            return self._advance().text
        raise self._unexpected("a comparison operator expected")

    def _value(self) -> Any:
        if not self._at_value():
            raise self._unexpected("a literal expected")
        return self._advance().value

    def _values(self, end: str) -> tuple[Any, ...]:
        values: list[Any] = []
        while not self._mark(end):
            if values:
                self._require(",")
            values.append(self._value())
            if len(values) > MAX_TESTS:
                raise bad_query(f"A list has more than {MAX_TESTS} values.")
        return tuple(values)

    def _path(self) -> tuple[str, ...]:
        names = [self._name()]
        while self._mark("/"):
            names.append(self._name())
        return tuple(names)

    def _name(self) -> str:
        if self._next.kind is not Kind.WORD:
            raise self._unexpected("the name of a property expected")
        return self._advance().text

    def _unexpected(self, expected: str = "") -> Fault:
        token = self._next
        where = f"at position {token.position}" if token.kind is not Kind.END else "at the end"
        found = f" near '{token.text[:40]}'" if token.text else ""
        return bad_query(f"Syntax error {where}{found} in the filter{': ' + expected if expected else ''}.")
