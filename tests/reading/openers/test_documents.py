"""Laws of all openers of documents: whatever the octets are they return, within their budget; real children can run them."""

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import OPENERS, open_container
from smtp_gate.reading.kinds import OPENABLE
from smtp_gate.reading.openers.base import OpenLimits
from tests.reading.openers import legacy, samples
from tests.reading.openers.opening import part

NUMBER = "536-90-4399"
SAID = [f"Her SSN is {NUMBER}", "and no more"]
ROWS: list[samples.Row] = [["Name", "SSN"], ["Pat", NUMBER]]
SAMPLES = {
    "docx": samples.docx(SAID, ROWS),
    "xlsx": samples.xlsx(ROWS, formats={1: "yyyy"}),
    "pptx": samples.pptx([SAID]),
    "odt": samples.odt(SAID, ROWS),
    "ods": samples.ods(ROWS),
    "pdf": samples.pdf_with_attachment(SAID, "a.csv", b"Name,SSN\r\n"),
    "rtf": samples.rtf(SAID),
    "doc": legacy.doc(SAID),
    "xls": legacy.xls(ROWS),
    "ppt": legacy.ppt(SAID, embedded=samples.ole({"\x01Ole10Native": legacy.native("a.csv", b"x")})),
    "msg": legacy.msg(
        "Subject", SAID[0], files={"a.rtf": samples.rtf(SAID)}, rtf=legacy.literal_rtf(samples.rtf(SAID))
    ),
    "tnef": legacy.tnef(SAID[0], properties={0x0037: "x"}, files={"a.txt": b"x"}),
}
LOOSE = {
    "office": [*samples.docx_members(SAID, ROWS).items(), *samples.xlsx_members(ROWS).items()],
}


OLD_CODEPAGE = legacy.msg_tree("", "")
OLD_CODEPAGE["__properties_version1.0"] = bytes(32) + struct.pack("<HHIII", 3, 0x3FFD, 0, 932, 0)
OLD_CODEPAGE["__substg1.0_1000001E"] = f"\u65e5 {NUMBER}".encode("cp932")
IN_CHILDREN = {
    **SAMPLES,
    "jis.msg": samples.ole(OLD_CODEPAGE),
    "mac.rtf": b"{\\rtf1\\mac \\'8a" + samples.rtf(SAID)[6:],
    "glyphs.pdf": samples.pdf([NUMBER], glyphs=True),
    "field.pdf": samples.pdf_with_field(["x"], "SSN", NUMBER),
    "utf16.docx": samples.package(
        samples.docx_members()
        | {"word/document.xml": f'<?xml version="1.0" encoding="UTF-16"?><p>{NUMBER}</p>'.encode("utf-16")}
    ),
    "latin.docx": samples.package(
        samples.docx_members()
        | {"word/document.xml": f'<?xml version="1.0" encoding="windows-1250"?><p>\xe9 {NUMBER}</p>'.encode("cp1250")}
    ),
}

CHILD = """
import asyncio, sys
from pathlib import Path
from smtp_gate.adapters.extractor import SocketExtractor
from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.kinds import OPENABLE, kind_of
from smtp_gate.server.extractors import local_extractors

with local_extractors(1) as path:
    for file in sorted(Path(sys.argv[1]).iterdir()):
        content = file.read_bytes()
        asked = Part("2", 1, "", (), 0, len(content), names=(file.name,), kind=kind_of(content), content=content)
        found = asyncio.run(SocketExtractor(path, OPENABLE).open(asked))
        if isinstance(found, Reason):
            print(file.name, found)
        else:
            # Not the files in it: a package whose text could not be told still has its XML.
            seen = any(sys.argv[2].encode() in m.content for m in found if m.charset)
            print(file.name, "seen" if seen else "missed", *(m.lost for m in found if m.lost))
"""


def test_a_confined_child_that_has_loaded_nothing_else_reads_every_kind(tmp_path: Path) -> None:
    for name, content in IN_CHILDREN.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, tmp_path, NUMBER],
        capture_output=True, text=True, timeout=100, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{name} seen" for name in sorted(IN_CHILDREN)]


def sound(found: tuple[Part, ...] | Reason, limits: OpenLimits) -> None:
    assert found is not Reason.CRASH
    if not isinstance(found, Reason):
        assert sum(len(m.content) for m in found) <= limits.octets
        assert [m for m in found if m.lost is Reason.CRASH] == []


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sample with octets changed, cut, repeated or put in."""
    name = draw(st.sampled_from(sorted(SAMPLES)))
    content = bytearray(SAMPLES[name])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        what = draw(st.sampled_from(["change", "cut", "repeat", "insert", "zero", "number"]))
        if what == "change":
            content[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif what == "cut":
            del content[at : at + draw(st.integers(1, 600))]
        elif what == "repeat":
            content[at:at] = content[at : at + draw(st.integers(1, 600))] * draw(st.integers(1, 4))
        elif what == "insert":
            content[at:at] = draw(st.binary(max_size=20))
        elif what == "zero":
            content[at : at + 8] = bytes(8)
        else:
            content[at : at + 4] = struct.pack(
                "<I", draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF]))
            )
    return name, bytes(content)


@settings(max_examples=300, deadline=2000)
@given(mutants())
def test_no_mutant_breaks_an_opener(mutant: tuple[str, bytes]) -> None:
    name, content = mutant
    limits = OpenLimits(octets=2_000_000)
    kind = part(SAMPLES[name]).kind
    sound(open_container(part(content, f"a.{name}", kind), limits), limits)


@settings(max_examples=200, deadline=2000)
@given(st.data())
def test_no_mutant_of_a_part_breaks_the_reading_of_packages(data: st.DataObject) -> None:
    """Compression hides parts from mutation, so they are changed before they are packed."""
    members = dict(LOOSE["office"])
    name = data.draw(st.sampled_from(sorted(members)))
    whole = str(members[name]).encode()
    at = data.draw(st.integers(0, len(whole)))
    piece = data.draw(st.sampled_from([b"", b"<", b">", b"</w:tc>", b"<w:tc>", b"<row>", b"</row>", b"<c>", b"<v>", b"&#0;", b"&x;",
                                       b"\0", b"\xff", b"<w:p>", b"<s t:c='99999999999'/>", b"<!DOCTYPE a>", b"<![CDATA["]))  # fmt: skip
    members[name] = whole[:at] + piece + whole[at + data.draw(st.integers(0, 40)) :]
    limits = OpenLimits(octets=2_000_000)
    sound(open_container(part(samples.package(members)), limits), limits)


@given(st.sampled_from(sorted(OPENERS.keys() & {"pdf", "rtf", "ole", "tnef", "officexml"})), st.binary(max_size=300))
def test_no_octets_break_an_opener(kind: str, content: bytes) -> None:
    sound(open_container(part(content, "a", kind), OpenLimits()), OpenLimits())


@pytest.mark.corpora
def test_documents_kept_outside_the_project_are_read_in_time() -> None:
    root = os.environ.get("SMTP_GATE_CORPORA")
    if not root:
        pytest.skip("SMTP_GATE_CORPORA names no folder of documents")
    files = [f for name in ("docs-pdfminer", "docs-qpdf") for f in sorted((Path(root) / name).rglob("*.pdf"))]
    assert files
    encrypted = set()
    for file in files:
        started = time.process_time()
        asked = part(file.read_bytes(), file.name)
        if asked.kind not in OPENABLE:
            continue
        found = open_container(asked, OpenLimits())
        sound(found, OpenLimits())
        assert time.process_time() - started < 30
        if found is Reason.ENCRYPTED:
            encrypted.add(file)
    # The folder of protected documents, each of which asks for a password, and few others.
    protected = {f for f in files if "encryption" in f.parts and f.stem != "base"}
    assert protected <= encrypted
    assert len(encrypted - protected) <= 2
