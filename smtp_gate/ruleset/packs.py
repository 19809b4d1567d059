"""Where packs come from, and their files read: those named in the settings, or the packs that are shipped."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from smtp_gate.ruleset.folders import Unread, below
from smtp_gate.ruleset.marks import Document, Mistake
from smtp_gate.ruleset.problems import problems, unknown_key
from smtp_gate.ruleset.schema import PackHead, PackModel
from smtp_gate.ruleset.yaml12 import MAX_OCTETS, read_document

CASES: Final = "cases"
"""Folders of this name hold sample mail, never packs."""

SHIPPED: Final = "shipped"
"""The word that stands in the settings for the folder of the shipped packs."""

_NO_END: Final = "the last line has no end"
_SECTIONS: Final = {"rules": list, "waivers": list, "detectors": dict, "keywords": dict}


@dataclass(frozen=True, slots=True)
class Source:
    """One pack as read: its document, and its sections where they have the right shape (else empty)."""

    path: Path
    document: Document
    name: str = ""
    internal_domains: tuple[str, ...] = ()
    layer: int = 1

    def items(self, section: str) -> list[tuple[int, dict[str, Any]]]:
        """The mappings of a list section with their positions; what is no mapping is already a mistake."""
        found = self._section(section)
        return [(i, v) for i, v in enumerate(found) if isinstance(v, dict)] if isinstance(found, list) else []

    def entries(self, section: str) -> dict[str, Any]:
        """The entries of a mapping section."""
        found = self._section(section)
        return found if isinstance(found, dict) else {}

    def is_copy_of(self, other: "Source") -> bool:
        """Whether another pack bears this one's name: that is told once, and not again of all that stands in both."""
        return other is not self and bool(self.name) and other.name == self.name

    def _section(self, section: str) -> object:
        root = self.document.root.value
        return root.get(section) if isinstance(root, dict) else None


def shipped_rules() -> Path | None:
    """The folder of the shipped packs: package data, else the repository's; None where neither is there."""
    package = Path(__file__).resolve().parent.parent
    places = (package / "share" / "rules", package.parent / "rules")
    return next((p for p in places if p.is_dir()), None)


def pack_files(paths: Sequence[Path]) -> Iterator[Path | Mistake]:
    """Every pack file that the paths mean, folders searched below, in a stable order, each once.

    Links to folders are followed (`folders.below` says how). A folder below that cannot be read is a mistake.
    """
    seen: set[Path] = set()
    for path in paths:
        try:
            every = list(below(path, {CASES})) if path.is_dir() else [path]
        except OSError as error:
            yield _unreadable(path, error)
            continue
        unread = sorted((u for u in every if isinstance(u, Unread)), key=lambda u: u.path)
        yield from map(_unread, unread)
        hidden = {u.path for u in unread}
        found = sorted(p for p in every if isinstance(p, Path) and p not in hidden and _may_be_pack(p, path))
        if not found and not unread:
            yield Mistake(str(path), 1, 1, "no pack in this folder", "packs end in .yaml or .yml")
        for file in found:
            if _is_no_file(file):
                # Left out in silence, a pack whose link has lost its target would take its rules along.
                yield _no_file(file)
            elif file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _may_be_pack(path: Path, given: Path) -> bool:
    return path == given or path.suffix in {".yaml", ".yml"}


def read_source(path: Path, mistakes: list[Mistake]) -> Source | None:
    """Read one pack file; its mistakes so far are added. None where nothing further can be said of it."""
    document = _not_cut(read_file(path))
    mistakes += document.mistakes
    root = document.root.value
    if root is None and any(m.is_error for m in document.mistakes):
        return None
    if not isinstance(root, dict):
        mistakes.append(
            document.mistake((), "a pack expected", "a file that starts with `pack: NAME` and holds `rules:`")
        )
        return None
    for name in root.keys() - PackModel.model_fields.keys():
        mistakes.append(unknown_key(document, (name,), PackModel.model_fields))
    mistakes += _shapes(document, root)
    try:
        head = PackHead.model_validate({k: v for k, v in root.items() if k in PackHead.model_fields})
    except ValidationError as error:
        mistakes += problems(error, document, (), PackHead)
        return Source(path, document)
    return Source(path, document, head.pack, head.internal_domains, head.layer)


def read_file(path: Path) -> Document:
    """Read a YAML file; a file that cannot be opened is a mistake in its first line."""
    if _is_no_file(path):
        # Reading a pipe or a device could wait for ever.
        mistake = _no_file(path)
        return Document(str(path), read_document(str(path), b"").root, (mistake,))
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        mistake = _unreadable(path, error)
        return Document(str(path), read_document(str(path), b"").root, (mistake,))
    document = read_document(str(path), octets)
    if octets and not octets.endswith(b"\n") and not document.ended and not document.mistakes:
        last = octets[octets.rfind(b"\n") + 1 :].decode("utf-8-sig", "replace")
        hint = "end the file with a line break; was it cut short?"
        short = Mistake(str(path), octets.count(b"\n") + 1, len(last) + 1, _NO_END, hint, "warning")
        return replace(document, mistakes=(short,))
    return document


def _not_cut(document: Document) -> Document:
    """The same, refused where its end may be a piece of what somebody wrote: half a domain is a domain, too."""
    if not document.loose:
        return document
    graver = (replace(m, severity="error") if m.message == _NO_END else m for m in document.mistakes)
    return replace(document, mistakes=tuple(graver))


def _unreadable(path: Path, error: OSError) -> Mistake:
    return Mistake(str(path), 1, 1, f"cannot be read: {error.strerror or type(error).__name__}")


def _unread(found: Unread) -> Mistake:
    """The mistake for what may be a folder: its rules would be missing, and nobody would notice."""
    gone = found.path.is_symlink() and not os.path.exists(found.path)  # noqa: PTH110 - unlike Path's it is never an error
    what = f"the link `{found.path.name[:60]}` leads nowhere" if gone else f"cannot be read: {found.why}"
    hint = "rules may lie behind it: mend it, or move it out of this folder"
    return Mistake(str(found.path), 1, 1, what, hint)


def _is_no_file(path: Path) -> bool:
    """Whether something stands there that is no regular file, such as a pipe or a link without a target."""
    try:
        return not path.is_file() and (path.is_symlink() or path.exists())
    except OSError:
        # Opening it will say why.
        return False


def _no_file(path: Path) -> Mistake:
    """The mistake for what is called like a pack and is none."""
    said = "this is a folder" if path.is_dir() else "this is a pipe or the like"
    said = f"the link `{path.name[:60]}` leads nowhere" if path.is_symlink() and not path.exists() else said
    return Mistake(str(path), 1, 1, said, "packs are files that end in .yaml or .yml: mend or rename it")


def _shapes(document: Document, root: dict[str, Any]) -> Iterator[Mistake]:
    """Sections, and items of list sections, that are of the wrong kind."""
    for name, kind in _SECTIONS.items():
        section = root.get(name)
        if name in root and not isinstance(section, kind):
            what = "a list of `- ` items" if kind is list else "a mapping of names"
            yield document.mistake((name,), f"`{name}` must be {what}", key=section is None)
        elif isinstance(section, list):
            for number, item in enumerate(section):
                if not isinstance(item, dict):
                    yield document.mistake((name, number), "a mapping expected", "write `- id: ...` and its keys below")
