# SPDX-License-Identifier: BSD-3-Clause
"""The tokens of a C++ header, which brackets belong together, and which tokens no fault may be planted in."""
import re
from typing import NamedTuple

# What clang-format wrote tells apart what looks alike: an operator between two operands has white space on both sides, a template's
# bracket and a unary operator have not.
PATTERN = re.compile(r"""
    (?P<comment>   //[^\n]* | /\*.*?\*/ )
  | (?P<directive> ^[ \t]*\#(?:\\\n|[^\n])* )
  | (?P<text>      (?:u8|[uUL])?R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)" | (?:u8|[uUL])?"(?:\\.|[^"\\])*" | (?:u8|[uUL])?'(?:\\.|[^'\\])+' )
  | (?P<number>    \.?\d(?:'?[\w.]|(?<=[eEpP])[+-])* )
  | (?P<name>      [^\W\d]\w* )
  | (?P<operator>  <=> | (?<=\s)>>=? | (?<=\s)>= | <<= | ->\* | \.\.\. | :: | -> | \+\+ | -- | << | [-+*/%&|^<=!]= | && | \|\| | [^\s] )
""", re.VERBOSE | re.MULTILINE | re.DOTALL)

# Mostly constant expressions, in which the program cannot choose a fault when it runs.
TO_SEMICOLON = {"static_assert", "using", "typedef", "concept", "enum", "throw"}
IN_BRACKETS = {"assert", "sizeof", "alignof", "alignas", "decltype", "noexcept", "explicit"}


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int
    spaced: bool  # white space on both sides


class Tokens(list):
    """The tokens without comments and directives; partner[i] is the other bracket of i's pair, barred[i] says that i is to stay."""

    def __init__(self, source):
        super().__init__()
        self.source, self.directives = source, []
        for match in PATTERN.finditer(source):
            kind, (start, end) = match.lastgroup if match.lastgroup != "mark" else "text", match.span()
            if kind == "directive":
                self.directives.append((start, end))
            elif kind != "comment":
                spaced = source[start - 1:start].isspace() and source[end:end + 1].isspace()
                self.append(Token(kind, match.group(), start, end, spaced))
        self.partner = self.pair_brackets()
        self.barred = [False] * len(self)
        self.bar_constants()

    def text(self, i):
        return self[i].text if 0 <= i < len(self) else ""

    def next(self, i):
        """Behind token i, or behind the brackets that it opens."""
        return max(self.partner.get(i, i), i) + 1

    def written(self, first, end):
        """Tokens first to end - 1 on one line, without comments."""
        parts = []
        for i in range(first, end):
            if i > first and self[i - 1].end < self[i].start:
                parts.append(" ")
            parts.append(self[i].text)
        return "".join(parts)

    def original(self, first, end):
        return self.source[self[first].start:self[end - 1].end]

    def pair_brackets(self):
        partner, stack = {}, []
        for i, token in enumerate(self):
            if token.text in ("(", "[", "{") or (token.text == "<" and not token.spaced and self.text(i - 1) != "operator"):
                stack.append(i)
            elif token.text == ">" and not token.spaced:
                if stack and self[stack[-1]].text == "<":
                    partner[i] = stack.pop()
                    partner[partner[i]] = i
            elif token.text in (")", "]", "}"):
                while stack and self[stack[-1]].text == "<":
                    stack.pop()
                if stack:
                    partner[i] = stack.pop()
                    partner[partner[i]] = i
        return partner

    def after(self, i, stops):
        """The first j >= i whose text is among the stops, outside of brackets that open behind i; or the bracket that closes around i."""
        while i < len(self) and self[i].text not in (*stops, ")", "]", "}"):
            i = self.next(i)
        return i

    def bar(self, first, end):
        self.barred[first:end] = [True] * (min(end, len(self)) - first)

    def bar_constants(self):
        for i, token in enumerate(self):
            if token.text == "<" and i in self.partner:
                self.bar(i, self.partner[i] + 1)
            elif token.text in TO_SEMICOLON:
                self.bar(i, self.after(i, ";"))
            elif token.text == "case":
                self.bar(i, self.after(i, ":"))
            elif token.text in ("constexpr", "consteval"):
                if self.text(i - 1) == "if":
                    self.bar(i, self.next(i + 1))
                elif self.text(self.after(i, ("(", "=", "{", ";"))) != "(":  # not a function's
                    self.bar(i, self.after(i, ";"))
            elif token.text in IN_BRACKETS and self.text(i + 1) == "(":
                self.bar(i, self.next(i + 1))
            elif token.text == "[" and self.text(i + 1) == "[":  # an attribute
                self.bar(i, self.next(i))
            elif token.text == "requires":
                self.bar(i, self.end_of_constraint(i))
            elif token.text == "require" and self.text(i + 1) == "(":  # the message, of which no test reads every word
                self.bar(self.after(i + 2, ","), self.partner.get(i + 1, i))

    def end_of_constraint(self, i):
        """A constraint goes to the end of its line, which is not the end where it asks for more."""
        end = i + 1
        while end < len(self):
            if "\n" in self.source[self[end - 1].end:self[end].start] and self[end - 1].text not in ("&&", "||"):
                break
            end = self.next(end)
        return end
