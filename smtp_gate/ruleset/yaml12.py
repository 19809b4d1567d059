"""A YAML 1.2 file read with its places, within bounds.

It is composed from the parser's events, one after another, so that nesting, size and aliases are bounded before
anything recursive sees them: hostile nesting would end the process inside the C parser's own composer.
"""

from typing import Any, Final

import yaml
from yamlcore import CCoreLoader  # type: ignore[import-untyped]  # the package carries no types

from smtp_gate.ruleset.marks import Document, Mistake, Node, Place
from smtp_gate.ruleset.yaml_syntax import Seen, place_behind, syntax_mistake

Scalar = str | int | float | bool | None

MAX_OCTETS: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 40
MAX_NODES: Final = 400_000
"""Bounds of one file; aliases count as often as they are used, so that a few lines cannot grow into millions."""

_CORE: Final = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map")}


def read_document(file: str, octets: bytes) -> Document:
    """Read one YAML 1.2 document; never raises. What cannot be read at all has an empty root and says why."""
    if len(octets) > MAX_OCTETS:
        return _broken(Mistake(file, 1, 1, f"the file is larger than {MAX_OCTETS // 1024 // 1024} MB"))
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = place_behind(octets[: error.start].decode("utf-8", "replace"))
        return _broken(Mistake(file, line, column, "this is not UTF-8 text", "save the file as UTF-8"))
    composer = _Composer(file)
    try:
        root = composer.document(text)
    except yaml.YAMLError as error:
        return _broken(syntax_mistake(file, text, error, Seen(composer.brackets, composer.quoted_over_lines())))
    except _Refused as refused:
        return _broken(refused.mistake)
    return Document(file, root, tuple(composer.mistakes), composer.ended, loose=composer.is_loose(text))


def _broken(mistake: Mistake) -> Document:
    return Document(mistake.file, Node(None, (mistake.line, mistake.column)), (mistake,))


class _Refused(Exception):  # noqa: N818 - it carries a mistake out of the recursion and never leaves this module
    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


class _Composer:
    """Builds nodes from events; recursion is as deep as MAX_DEPTH allows."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.anchors: dict[str, Node] = {}
        self.count = 0
        self.brackets: list[Place] = []
        self.ended = False
        self.last: yaml.Event | None = None
        self.end: yaml.Event | None = None
        self.words: dict[str, Scalar] = {}

    def document(self, text: str) -> Node:
        self.loader: Any = CCoreLoader(text)
        try:
            return self._document()
        finally:
            self.loader.dispose()

    def _document(self) -> Node:
        self.loader.get_event()
        if isinstance(self.loader.get_event(), yaml.StreamEndEvent):
            return Node(None, (1, 1))
        root = self._node(self.loader.get_event(), 1)
        self.ended = bool(self.loader.get_event().explicit)
        extra = self.loader.get_event()
        if not isinstance(extra, yaml.StreamEndEvent):
            raise self._refused(extra, "a second document starts here", "one file holds one document")
        return root

    def is_loose(self, text: str) -> bool:
        """Whether the text ends within a line, and in something that a shorter one could also be: a word without quotes."""
        last = self.last
        end = last.end_mark if last is not None else None
        if self.ended or text.endswith("\n") or end is None:
            return False
        shut = isinstance(last, yaml.CollectionEndEvent) or (
            isinstance(last, yaml.ScalarEvent) and last.style in {"'", '"'}
        )
        # A comment behind it means nothing, whether it is whole or not.
        return not shut and "#" not in text[end.index :]

    def quoted_over_lines(self) -> tuple[Place, int] | None:
        """Where the last value opened its quote and in which line it closed it, if that is another line."""
        last = self.last
        if not isinstance(last, yaml.ScalarEvent) or last.style not in {"'", '"'} or last.end_mark is None:
            return None
        end = last.end_mark.line + 1
        return (_start(last), end) if end != _start(last)[0] else None

    def _refused(self, event: yaml.Event, message: str, hint: str = "") -> _Refused:
        return _Refused(Mistake(self.file, *_start(event), message, hint))

    def _node(self, event: yaml.NodeEvent, depth: int) -> Node:
        if type(event) is yaml.ScalarEvent and event.tag is None and event.anchor is None and depth <= MAX_DEPTH:
            return self._bare(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        self._count(event, 1)
        if depth > MAX_DEPTH:
            raise self._refused(event, f"nested more than {MAX_DEPTH} deep")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!" and tag not in _CORE:
            raise self._refused(event, f"the tag {tag[:40]} is not allowed", "leave it out")
        if isinstance(event, yaml.ScalarEvent):
            self.last = event
            node = Node(self._scalar(event), _start(event))
        else:
            node = self._collection(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _bare(self, event: yaml.ScalarEvent) -> Node:
        """A scalar without tag and anchor, as nearly all are, without the questions that only others must be asked."""
        self.count += 1
        if self.count > MAX_NODES:
            self._count(event, 0)
        self.last = event
        value: Scalar = event.value
        if event.implicit[0]:
            value = self.words[value] if value in self.words else self._scalar(event)
        mark = event.start_mark
        return Node(value, (mark.line + 1, mark.column + 1) if mark else (1, 1), [], {})

    def _collection(self, event: yaml.NodeEvent, depth: int) -> Node:
        below = self._list if isinstance(event, yaml.SequenceStartEvent) else self._mapping
        if not getattr(event, "flow_style", False):
            return below(event, depth)
        self.brackets.append(_start(event))
        node = below(event, depth)
        self.last = self.end
        self.brackets.pop()
        return node

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self.count += nodes
        if self.count > MAX_NODES:
            raise self._refused(event, f"the file holds more than {MAX_NODES} values", "split it")

    def _alias(self, event: yaml.AliasEvent, depth: int) -> Node:
        self.last = event
        node = self.anchors.get(event.anchor or "")
        if node is None:
            raise self._refused(event, f"nothing before this is named &{event.anchor}", "name it before it is used")
        self._count(event, node.size)
        if depth + node.depth > MAX_DEPTH:
            raise self._refused(event, f"nested more than {MAX_DEPTH} deep")
        return node

    def _list(self, event: yaml.NodeEvent, depth: int) -> Node:
        node = Node([], _start(event), [], {})
        get_event = self.loader.get_event
        while type(inner := get_event()) is not yaml.SequenceEndEvent:
            item = self._node(inner, depth + 1)
            node.items.append(item)
            node.value.append(item.value)
            node.size += item.size
            if item.depth >= node.depth:
                node.depth = item.depth + 1
        self.end = inner
        return node

    def _mapping(self, event: yaml.NodeEvent, depth: int) -> Node:
        node = Node({}, _start(event), [], {})
        get_event = self.loader.get_event
        while type(inner := get_event()) is not yaml.MappingEndEvent:
            key = self._node(inner, depth + 1)
            # What an alias names stands elsewhere.
            place = _start(inner) if type(inner) is yaml.AliasEvent else key.place
            value = self._node(get_event(), depth + 1)
            node.size += key.size + value.size
            if value.depth >= node.depth:
                node.depth = value.depth + 1
            if not isinstance(key.value, str):
                self.mistakes.append(Mistake(self.file, *place, "a key must be a word", "put it in quotes"))
            elif key.value in node.keys:
                line = node.keys[key.value][0][0]
                self.mistakes.append(
                    Mistake(self.file, *place, f"`{key.value}` stands here twice", f"first in line {line}")
                )
            else:
                node.keys[key.value] = (place, value)
                node.value[key.value] = value.value
        self.end = inner
        return node

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        text: str = event.value
        if event.tag is not None:
            return self._constructed(event, event.tag)
        if not event.implicit[0]:
            return text
        # The same few words stand in a pack again and again, and what one means depends on nothing else.
        if text not in self.words:
            tag = self.loader.resolve(yaml.ScalarNode, text, event.implicit)
            self.words[text] = self._constructed(event, tag)
        return self.words[text]

    def _constructed(self, event: yaml.ScalarEvent, tag: str) -> Scalar:
        try:
            return _construct(tag.rpartition(":")[2], event.value)
        except (ValueError, KeyError):
            raise self._refused(event, "a number or word that cannot be read", "put it in quotes") from None


def _construct(kind: str, text: str) -> Scalar:
    match kind:
        case "int" if len(text) <= 20:
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        case "float" if len(text) <= 40:
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        case "bool":
            return {"true": True, "false": False}[text.lower()]
        case "null":
            return None
        case "int" | "float":
            raise ValueError("a number of this length")
        case _:
            return text


def _start(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
