"""Mail that others test their parsers with: every file is read, and where a set says what it expects, structure is compared.

    python -m tests.bench.parsers CORPORA_FOLDER [--list]

Reads every file below `parser-*` and `peers-rspamd`: exceptions, and seconds at p50, p99 and the most. The trees that mime4j
expects (`*_decoded.xml`) and the parts that MIME-tools expects (`*.ref`) are compared with ours in shape and in decoded
content; `--list` names what differs.
"""

import argparse
import html
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smtp_gate.core.message import Message
from smtp_gate.core.view import Part
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.mime import Tree, split
from smtp_gate.reading.reader import read
from tests.builders import RECEIVED, envelope

LARGE = 20_000_000
TAG = re.compile(r"<(/?)(message|multipart|text-body|binary-body)\b([^>]*?)(/?)>")
NAME = re.compile(r'name="([^"]*)"')
REF = re.compile(r'"(Msg|Part_[\d_]+)" => \{(.*?)\n  \}', re.DOTALL)
VALUE = re.compile(r'"(\w+)" => (?:"((?:[^"\\]|\\.)*)"|(\d+))')

Shape = list[Any]


def timed(root: Path) -> dict[str, object]:
    """Read every file of the sets."""
    seconds: list[tuple[float, str]] = []
    failed: list[str] = []
    folders = [*sorted(root.glob("parser-*")), root / "peers-rspamd"]
    for file in (f for folder in folders for f in sorted(folder.rglob("*")) if f.is_file()):
        if file.stat().st_size > LARGE:
            continue
        content = file.read_bytes()
        started = time.perf_counter()
        try:
            read(Message("BENCH", envelope(), content, RECEIVED), Limits(), {})
        except Exception as error:  # noqa: BLE001 - an exception is the very finding
            failed.append(f"{file}: {type(error).__name__}")
        seconds.append((time.perf_counter() - started, str(file.relative_to(root))))
    seconds.sort()
    at = [round(seconds[int(len(seconds) * share)][0] * 1000, 2) for share in (0.5, 0.99)]
    return {
        "files": len(seconds),
        "exceptions": failed,
        "p50_ms": at[0],
        "p99_ms": at[1],
        "max_ms": round(seconds[-1][0] * 1000, 1),
        "slowest": seconds[-1][1],
    }


def bare(content: bytes) -> bytes:
    """Octets without what line ends and the ends of files make of them."""
    return content.replace(b"\r", b"").strip(b"\n \t\0")


def expected(xml: str, folder: Path) -> tuple[Shape, list[bytes]]:
    """The tree in mime4j's words, as nested lists, and the contents of its leaves."""
    top: Shape = []
    open_nodes = [top]
    contents: list[bytes] = []
    for closing, kind, attributes, alone in TAG.findall(xml):
        if kind in {"text-body", "binary-body"}:
            if not closing:
                open_nodes[-1].append("leaf")
                name = NAME.search(attributes)
                file = folder / html.unescape(name[1]) if name else folder
                contents.append(file.read_bytes() if file.is_file() else b"")
        elif closing:
            open_nodes.pop()
        else:
            node: Shape = [kind]
            open_nodes[-1].append(node)
            if not alone:
                open_nodes.append(node)
    return top[0] if top else [], contents


def ours(tree: Tree) -> tuple[Shape, list[bytes]]:
    """Our parts in the same form."""
    nodes: dict[str, Shape] = {}
    top: Shape = ["message"]
    contents: list[bytes] = []
    for piece in tree.pieces:
        part = piece.part
        if part.part == "0":
            outer = top
        elif part.part.endswith(".0"):
            outer = nodes[part.part.removesuffix(".0")]
        else:
            above = part.part.rpartition(".")[0]
            outer = nodes.get(f"{above}.0") or nodes.get(above) or nodes["0"]
        if part.container:
            nodes[part.part] = ["multipart" if part.media_type.startswith("multipart/") else "message"]
            outer.append(nodes[part.part])
        else:
            outer.append("leaf")
            contents.append(part.content)
    return top, contents


def mime4j(root: Path) -> Iterator[tuple[str, str]]:
    """Each expectation of mime4j, and how ours compares."""
    for file in sorted((root / "parser-mime4j").rglob("*_decoded.xml")):
        mail = file.with_name(file.name.replace("_decoded.xml", ".msg"))
        if not mail.is_file():
            continue
        shape, contents = expected(file.read_text("latin-1"), file.parent)
        our_shape, our_contents = ours(split(mail.read_bytes(), Limits()))
        if shape != our_shape:
            yield mail.name, f"shape: {json.dumps(shape)} but ours {json.dumps(our_shape)}"
        elif [bare(c) for c in contents] != [bare(c) for c in our_contents]:
            sizes = [
                (len(bare(a)), len(bare(b))) for a, b in zip(contents, our_contents, strict=True) if bare(a) != bare(b)
            ]
            yield mail.name, f"content: octets expected and ours {sizes}"
        else:
            yield mail.name, "equal"


def leaf_of(part: Part) -> tuple[str, int]:
    return part.media_type, len(part.content)


def mimetools(root: Path) -> Iterator[tuple[str, str]]:
    """Each expectation of MIME-tools: types and sizes of the leaves. A reference that extracts uuencoded text is left out."""
    for file in sorted((root / "parser-mimetools").rglob("*.ref")):
        mail = file.with_suffix(".msg")
        said = file.read_text("latin-1")
        if not mail.is_file() or '"ExtractUuencode"' in said:
            continue
        parts = [(name, {k: a or b for k, a, b in VALUE.findall(body)}) for name, body in REF.findall(said)]
        parts.sort(key=lambda p: [int(n) for n in re.findall(r"\d+", p[0])])
        leaves = [(p["Type"], int(p["Size"])) for _, p in parts if "Size" in p]
        tree = split(mail.read_bytes(), Limits())
        found = [leaf_of(piece.part) for piece in tree.pieces if not piece.part.container]
        if [t for t, _ in leaves] != [t for t, _ in found]:
            yield mail.name, f"types: {leaves} but ours {found}"
        elif any(abs(a[1] - b[1]) > 1 for a, b in zip(leaves, found, strict=True)):
            yield mail.name, f"sizes: {leaves} but ours {found}"
        else:
            yield mail.name, "equal"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    result: dict[str, object] = {"read": timed(options.folder)}
    for name, compare in (("mime4j", mime4j), ("mimetools", mimetools)):
        found = list(compare(options.folder))
        result[name] = dict(Counter(how.partition(":")[0] for _, how in found))
        if options.list:
            for label, how in found:
                if how != "equal":
                    print(f"  {name} {label} {how}", file=sys.stderr)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
