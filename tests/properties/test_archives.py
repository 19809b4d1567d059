"""Laws of archives: any octets give members or a reason, in bounded time; the real ones of others are read in theirs."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import time
import zipfile
from collections import Counter
from pathlib import Path as FilePath
from typing import NoReturn

import py7zr
import pytest
import rarfile  # type: ignore[import-untyped]  # the library has no types
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import OPENERS, open_container
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits
from tests.reading.openers.packed import File, part, rar5, sevenzip, zipped

NUMBER = b"SSN 536-90-4399"
LIMITS = OpenLimits(octets=1 << 20, free=1 << 18, members=60)


def a_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for number, method in enumerate(
            (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
        ):
            file.writestr(f"f{number}.txt", NUMBER * 9, method)
    return out.getvalue()


def a_tar(form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name in ("a.txt", "/".join(["folder" * 8] * 3) + "/b.txt"):
            info = tarfile.TarInfo(name)
            info.size = len(NUMBER)
            archive.addfile(info, io.BytesIO(NUMBER))
    return out.getvalue()


def a_7z() -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.writestr(NUMBER * 9, "a.txt")
        archive.writestr(b"two", "b.txt")
    return out.getvalue()


MAIL = (
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nU1NOIDUzNi05MC00Mzk5\r\n--x--\r\n"
)
SEEDS = {
    "zip": [a_zip(), zipped([File(b"a.zip", a_zip(), method=0), File(b"b.tar", a_tar(tarfile.PAX_FORMAT))])],
    "tar": [a_tar(form) for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)],
    "gz": [gzip.compress(NUMBER) + gzip.compress(a_zip())],
    "bz2": [bz2.compress(NUMBER)],
    "xz": [lzma.compress(NUMBER)],
    "lzma": [lzma.compress(NUMBER, lzma.FORMAT_ALONE)],
    "7z": [a_7z(), sevenzip([("a.txt", 3), ("b.txt", 15)], b"one" + NUMBER)],
    "rar": [rar5([("a.txt", NUMBER), ("b.txt", b"two")]), rar5([("a.txt", NUMBER)], method=3, encrypted=True)],
    "mail": [MAIL],
    "mbox": [b"From a\n" + MAIL + b"\nFrom b\n" + MAIL],
}
WHOLE = [(kind, seed) for kind, seeds in SEEDS.items() for seed in seeds]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["set", "cut", "insert", "double", "number"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=6,
)


def changed(content: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    for how, where, octets in changes:
        at = int(where * len(content))
        if how == "set":
            content = content[:at] + octets + content[at + len(octets) :]
        elif how == "cut":
            content = content[:at] + content[at + octets[0] :]
        elif how == "insert":
            content = content[:at] + octets + content[at:]
        elif how == "double":
            content = content[:at] + content[at // 2 : at] + content[at:]
        else:
            content = content[:at] + b"\xff" * (octets[0] % 8) + content[at + octets[0] % 8 :]
    return content


def check(outer: Part, found: tuple[Part, ...] | Reason) -> None:
    if isinstance(found, Reason):
        assert found is not Reason.CRASH
        return
    assert len({member.part for member in found}) == len(found)
    assert all(member.part.startswith(outer.part + "!") for member in found)
    assert all(member.lost is not Reason.CRASH for member in found)
    assert all(member.lost is not None or member.kind for member in found)
    assert sum(len(member.content) for member in found if member.lost is None) <= LIMITS.octets


@settings(max_examples=600)
@given(st.sampled_from(WHOLE), CHANGES)
def test_changed_archives_are_members_or_a_reason(
    seed: tuple[str, bytes], changes: list[tuple[str, float, bytes]]
) -> None:
    kind, content = seed
    outer = part(changed(content, changes), "a", kind)
    started = time.process_time()
    check(outer, open_container(outer, LIMITS))
    assert time.process_time() - started < 2.0


@given(st.sampled_from(sorted(SEEDS)), st.binary(max_size=600))
def test_any_octets_are_members_or_a_reason(kind: str, content: bytes) -> None:
    outer = part(content, "a", kind)
    check(outer, open_container(outer, LIMITS))


@settings(max_examples=200)
@given(st.sampled_from([s for s in WHOLE if s[0] in {"zip", "tar"}]), st.binary(min_size=1, max_size=40))
def test_what_stands_around_an_archive_hides_none_of_it(seed: tuple[str, bytes], around: bytes) -> None:
    kind, content = seed
    front = around if kind == "zip" else b""
    found = open_container(part(front + content + around, "a", kind), OpenLimits())
    assert isinstance(found, tuple)
    assert any(NUMBER in member.content for member in found)


@pytest.mark.corpora
def test_archives_kept_outside_the_project_are_read_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    root = os.environ.get("SMTP_GATE_CORPORA")
    if not root:
        pytest.skip("SMTP_GATE_CORPORA names no folder of archives")

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a program was run")

    monkeypatch.setattr(rarfile, "custom_popen", refuse)
    files = [
        file
        for name in ("docs-rarfile", "docs-py7zr")
        for file in sorted((FilePath(root) / name).rglob("*"))
        if file.is_file() and file.suffix != ".exp"
    ]
    assert files
    outcomes: Counter[str] = Counter()
    for file in files:
        content = file.read_bytes()
        kind = kind_of(content, "", file.name)
        if kind not in OPENERS:
            continue
        started = time.perf_counter()
        found = open_container(part(content, file.name, kind), OpenLimits())
        assert time.perf_counter() - started < 5.0, file.name
        reasons = {found} if isinstance(found, Reason) else {m.lost for m in found if m.lost is not None}
        assert reasons.isdisjoint({Reason.CRASH, Reason.LIMIT}), file.name
        protected = "encrypt" in file.name or "psw" in file.name.replace("nopsw", "")
        assert (Reason.ENCRYPTED in reasons) == protected, file.name
        outcomes["opened" if not reasons else str(max(reasons))] += 1
    assert outcomes["opened"] > 50
