# SPDX-License-Identifier: BSD-3-Clause
"""The single faults that a header can have, and the header in which a running program chooses one of several.

An expression becomes `(::lmc_mutant(id) ? (faulty) : (right))`, a statement `{ if (!::lmc_mutant(id)) statement; }`: mutant.hpp."""
import re
from typing import NamedTuple

from tokens import Tokens

PRECEDENCE = {op: level for level, ops in enumerate(["||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<=>", "<< >>", "+ -", "* / %"])
              for op in ops.split()}
REPLACED = {"+": ("sign", "-"), "-": ("sign", "+"), "<": ("bound", "<="), "<=": ("bound", "<"), ">": ("bound", ">="),
            ">=": ("bound", ">"), "==": ("bound", "!="), "!=": ("bound", "=="), "&&": ("bound", "||"), "||": ("bound", "&&")}
ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}
ENDS = ASSIGNMENTS | {",", ";", "?", ":", "return", "throw", "else", "do", "case"}  # of an expression
CONTROL = {"if", "for", "while", "switch", "catch", "constexpr"}
NO_VALUE = CONTROL | ENDS | {"auto", "const", "delete", "operator", "new", "noexcept", "override", "try", "mutable", "requires"}

EXPRESSION = "(::lmc_mutant(ID) ? (FAULTY) : (RIGHT))"
# The types of both sides may differ, and the program without a fault must not change: it does not compile then.
SAME_TYPE = "(::lmc_mutant<decltype(true ? (FAULTY) : (RIGHT)), decltype((RIGHT))>(ID) ? (FAULTY) : (RIGHT))"
STATEMENT = "{ if (!::lmc_mutant(ID)) RIGHT }"


class Edit(NamedTuple):
    start: int   # of the right text in the header
    end: int
    faulty: str
    form: str    # of the choice between the two


class Fault(NamedTuple):
    header: str
    line: int
    kind: str
    edits: tuple

    def overlaps(self, other):
        return self.header == other.header and any(a.start < b.end and b.start < a.end for a in self.edits for b in other.edits)


class Finder:
    """All faults of one header."""

    def __init__(self, header, source, purposes=()):
        self.header, self.tokens, self.purposes, self.faults = header, Tokens(source), list(purposes), []
        for i, token in enumerate(self.tokens):
            if not self.tokens.barred[i]:
                for find in (self.operator, self.assignment, self.minus, self.extremum, self.index, self.arguments, self.number,
                             self.purpose, self.lock, self.statement):
                    find(i, token)
        self.critical_sections()

    def add(self, kind, *edits):
        line = self.tokens.source.count("\n", 0, edits[0].start + 1) + 1
        self.faults.append(Fault(self.header, line, kind, edits))

    def replace(self, kind, first, end, faulty, form=EXPRESSION):
        self.add(kind, Edit(self.tokens[first].start, self.tokens[end - 1].end, faulty, form))

    def is_binary(self, i):
        return self.tokens[i].spaced and self.tokens[i].text in PRECEDENCE

    def ends_at(self, i, precedence):
        """Whether a token bounds the expression around an operator of that precedence."""
        return self.tokens[i].text in ENDS or (self.is_binary(i) and PRECEDENCE[self.tokens[i].text] < precedence)

    def left_end(self, i, precedence):
        """The first token of the expression whose last one is i - 1."""
        tokens = self.tokens
        while i > 0 and not self.ends_at(i - 1, precedence) and tokens[i - 1].text not in ("(", "[", "{"):
            opening = min(tokens.partner.get(i - 1, i - 1), i - 1)
            before = opening - 1
            if tokens[i - 1].text == "}" and not (self.is_name(before) or tokens.text(before) == ">"):
                break  # the end of a block
            if tokens[i - 1].text == ")" and tokens.text(before) in CONTROL:
                break
            i = opening
        return i

    def right_end(self, i, precedence):
        tokens = self.tokens
        while i < len(tokens) and not self.ends_at(i, precedence) and tokens[i].text not in (")", "]", "}"):
            i = tokens.next(i)
        return i

    def is_name(self, i):
        return i >= 0 and self.tokens[i].kind == "name" and self.tokens[i].text not in NO_VALUE

    def postfix_end(self, i):
        """The end of the operand that begins at i: a name or number with its members, subscripts and calls."""
        tokens = self.tokens
        if tokens[i].text == "(":
            i = tokens.next(i)
        elif tokens[i].kind in ("name", "number"):
            i += 1
        while i < len(tokens):
            if tokens[i].text in ("::", ".", "->"):
                i += 2
            elif tokens[i].text in ("(", "[", "{", "<") and not tokens[i].spaced and tokens[i - 1].end == tokens[i].start:
                i = tokens.next(i)
            else:
                break
        return i

    def operator(self, i, token):
        if not self.is_binary(i) or (token.text in "+-" and self.tokens.text(i + 1) == "0"):
            return
        precedence = PRECEDENCE[token.text]
        first, end, written = self.left_end(i, precedence), self.right_end(i + 1, precedence), self.tokens.written
        if token.text in REPLACED:
            kind, other = REPLACED[token.text]
            self.replace(kind, first, end, f"{written(first, i)} {other} {written(i + 1, end)}")
        if token.text in "+-*/":
            term_end = min(self.right_end(i + 1, precedence + 1), end)
            self.replace("missing term", first, end, f"{written(first, i)} {written(term_end, end)}".strip())

    def assignment(self, i, token):
        if token.text not in ("+=", "-=") or not token.spaced:
            return
        first, end, written = self.left_end(i, 0), self.right_end(i + 1, 0), self.tokens.written
        if self.tokens.text(end) in ASSIGNMENTS:
            return
        other = "-=" if token.text == "+=" else "+="
        self.replace("sign", first, end, f"{written(first, i)} {other} {written(i + 1, end)}")
        if self.tokens.text(end) == ")":  # the step of a loop
            self.replace("off by one", i + 1, end, f"{written(i + 1, end)} + 1")

    def minus(self, i, token):
        if token.text == "-" and not token.spaced:
            end = self.postfix_end(i + 1)
            if end > i + 1:
                self.replace("sign", i, end, self.tokens.written(i + 1, end))

    def extremum(self, i, token):
        tokens = self.tokens
        if token.text not in ("min", "max") or tokens.text(i - 1) != "::" or tokens.text(i - 2) != "std":
            return
        end = self.postfix_end(i)
        if tokens.text(end - 1) == ")":
            other = "max" if token.text == "min" else "min"
            self.replace("bound", i - 2, end, f"std::{other}{tokens.written(i + 1, end)}")

    def index(self, i, token):
        tokens = self.tokens
        if token.text != "[" or not (self.is_name(i - 1) or tokens.text(i - 1) in (")", "]")) or tokens.partner.get(i, i) <= i + 1:
            return
        end = tokens.partner[i]
        content = tokens.written(i + 1, end)
        faulty = ("1" if content == "0" else str(int(content) - 1)) if content.isdigit() else f"0 * ({content})"
        self.replace("wrong index", i + 1, end, faulty)

    def arguments(self, i, token):
        tokens = self.tokens
        callee = i - 1
        if tokens.text(callee) == ">":
            callee = tokens.partner.get(callee, 0) - 1
        if token.text != "(" or not self.is_name(callee) or tokens[callee].text in ("min", "max", "swap", "hypot"):
            return
        arguments, first = [], i + 1
        while first < tokens.partner.get(i, i):
            end = tokens.after(first, ",")
            arguments.append((first, end))
            first = end + 1
        if any(self.declares(*argument) for argument in arguments):
            return
        for a, b in zip(arguments, arguments[1:]):
            (a_text, b_text) = tokens.written(*a), tokens.written(*b)
            if a_text != b_text and not any(tokens.barred[k] or tokens[k].kind == "text" for k in (*range(*a), *range(*b))):
                self.add("swapped arguments", *(Edit(tokens[x[0]].start, tokens[x[1] - 1].end, faulty, SAME_TYPE)
                                                for x, faulty in ((a, b_text), (b, a_text))))

    def declares(self, first, end):
        """Whether this is a parameter, `const Shape& shape`, or no argument that could be swapped."""
        tokens = self.tokens
        if end <= first or tokens[first].text in ("{", "["):
            return True
        return any(tokens[k].kind == "name" and (tokens[k - 1].kind == "name" or
                                                 (tokens[k - 1].text in ("&", "*", "&&", ">") and not tokens[k - 1].spaced and
                                                  tokens[k - 1].end < tokens[k].start)) for k in range(first + 1, end))

    def number(self, i, token):
        if re.fullmatch(r"\d+", token.text) and (self.tokens.text(i - 1), self.tokens.text(i + 1)) != ("[", "]"):
            self.replace("off by one", i, i + 1, str(int(token.text) + 1))

    def purpose(self, i, token):
        tokens = self.tokens
        if token.text in self.purposes and tokens.text(i - 1) == "::" and tokens.text(i - 2) == "Purpose":
            other = self.purposes[(self.purposes.index(token.text) + 1) % len(self.purposes)]
            self.replace("wrong seed purpose", i - 2, i + 1, f"Purpose::{other}")

    def lock(self, i, token):
        """const std::lock_guard lock(mutex);"""
        tokens = self.tokens
        if token.text != "lock_guard" or tokens.text(i + 2) != "(" or tokens.text(i - 2) != "std":
            return
        first, end = i - (3 if tokens.text(i - 3) == "const" else 2), tokens.partner[i + 2] + 2
        name, mutex = tokens.text(i + 1), tokens.written(i + 3, end - 2)
        self.replace("dropped synchronization", first, end, "",
                     f"std::unique_lock {name}({mutex}, std::defer_lock); if (!::lmc_mutant(ID)) {name}.lock();")

    def critical_sections(self):
        tokens = self.tokens
        for start, end in tokens.directives:
            if "#pragma omp critical" in tokens.source[start:end]:
                first = next(i for i, token in enumerate(tokens) if token.start >= end)
                body = tokens.after(first, (";", "{"))
                statement = tokens.written(first, tokens.next(body))
                # Behind the line before the directive, which keeps a line of its own.
                self.add("dropped synchronization",
                         Edit(start - 1, end, "", f" if (::lmc_mutant(ID)) {{ {statement} }} else RIGHT"))

    def statement(self, i, token):
        """A call or an assignment that is left out."""
        tokens, before = self.tokens, self.tokens.text(i - 1)
        after_control = before == ")" and tokens.text(tokens.partner.get(i - 1, 0) - 1) in CONTROL
        if not self.is_name(i) or not (before in (";", "{", "}", "else") or after_control):
            return
        target = self.postfix_end(i)
        end = tokens.after(target, ";") + 1
        assigns = tokens.text(target) in ASSIGNMENTS and tokens.text(target + 1) not in ("default", "delete")
        if tokens.text(end - 1) == ";" and (assigns or (target == end - 1 and tokens.text(target - 1) == ")")):
            self.replace("missing term", i, end, "", STATEMENT)


def with_fault(source, fault):
    """The header as somebody would have written it with that fault."""
    for edit in sorted(fault.edits, reverse=True):
        source = source[:edit.start] + edit.faulty + source[edit.end:]
    return source


def with_choice(source, faults):
    """The header that contains faults {id: fault}, none of which overlap; every line keeps its number."""
    edits = sorted(((edit, number) for number, fault in faults.items() for edit in fault.edits), reverse=True)
    for edit, number in edits:
        texts = {"ID": str(number), "FAULTY": edit.faulty, "RIGHT": source[edit.start:edit.end]}
        switched = re.sub(r"\b(ID|FAULTY|RIGHT)\b", lambda match: texts[match.group()], edit.form)
        source = source[:edit.start] + switched + source[edit.end:]
    return source
