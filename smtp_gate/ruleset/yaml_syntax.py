"""Why a file is no YAML, in words that help, and where that is best shown: what is never closed, where it opens."""

from dataclasses import dataclass
from typing import Final

import yaml

from smtp_gate.ruleset.marks import Mistake, Place

_HINTS: Final = (
    ("mapping values are not allowed", "a value that holds `: ` needs quotes; else look at the indentation"),
    ("tab character", "indent with spaces, not tabs"),
    ("cannot start any token", "indent with spaces, not tabs; a value that starts with @ % ` needs quotes"),
    ("expected <block end>", "the indentation differs from the lines above"),
    ("did not find expected '-'", "the indentation differs from the lines above"),
    ("did not find expected key", "the indentation differs from the lines above, or a bracket or quote is not closed"),
    ("could not find expected ':'", "a key ends with `: `"),
    ("unexpected end of stream", "the quote that opens here is never closed"),
    ("unknown escape", "in \"double quotes\" a backslash must be doubled; 'single quotes' take it as it is"),
    ("maximum nesting", "nest less deeply"),
)


_OPEN: Final = "the bracket that opens here is never closed"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read before the mistake: brackets still open, and the quote behind which it stands.

    `quoted` is where that quote opens and the line in which it is closed, if that is another line.
    """

    brackets: list[Place]
    quoted: tuple[Place, int] | None


def place_behind(before: str) -> Place:
    """The place right behind this beginning of a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def syntax_mistake(file: str, text: str, error: yaml.YAMLError, seen: Seen) -> Mistake:
    """The mistake for what the parser said of the text."""
    if isinstance(error, yaml.reader.ReaderError):
        # The offset counts octets of the UTF-8 text.
        before = text.encode()[: int(error.position)].decode("utf-8", "replace")
        return Mistake(file, *place_behind(before), "a control character, which YAML forbids")
    if not isinstance(error, yaml.MarkedYAMLError):
        return Mistake(file, 1, 1, "this is not YAML")
    problem = error.problem or "this is not YAML"
    opened = error.context_mark
    mark = error.problem_mark or opened
    context = f"{error.context}: " if error.context else ""
    hint = next((words for part, words in _HINTS if part in problem), "")
    if opened is not None and context.startswith("while parsing a flow"):
        hint = f"the bracket opened in line {opened.line + 1} is not closed, or a comma is missing"
    place, better = (1, 1), ""
    if mark is not None:
        at_end = mark.index >= len(text.rstrip())
        place, better = _unfinished(text, opened, mark, seen) if at_end else _within(text, error, mark, seen)
    return Mistake(file, *place, f"not valid YAML: {context}{problem}", better or hint)


def _unfinished(text: str, opened: yaml.Mark | None, mark: yaml.Mark, seen: Seen) -> tuple[Place, str]:
    """Where a mistake at the end of the text is shown, and what to do, if that is known better than usual."""
    if opened is not None and opened.index < len(text.rstrip()):
        return _place(opened), ""
    if seen.brackets:
        return seen.brackets[-1], _OPEN
    return _place(mark), ""


def _within(text: str, error: yaml.MarkedYAMLError, mark: yaml.Mark, seen: Seen) -> tuple[Place, str]:
    """The same for a mistake above: the parser sees it where something else stands instead."""
    opened = error.context_mark
    if opened is not None and "could not find expected ':'" in str(error.problem):
        return _place(opened), ""
    if seen.quoted is not None and seen.quoted[1] == mark.line + 1:
        return seen.quoted[0], f"the quote that opens here is closed only in line {seen.quoted[1]}"
    if opened is not None and opened.line < mark.line and "flow" in str(error.context):
        # What is within a bracket is written further in than the line that opens it.
        lines = text.split("\n")
        if mark.line < len(lines) and _indented(lines[mark.line]) <= _indented(lines[opened.line]):
            return _place(opened), _OPEN
    return _place(mark), ""


def _place(mark: yaml.Mark) -> Place:
    return mark.line + 1, mark.column + 1


def _indented(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
