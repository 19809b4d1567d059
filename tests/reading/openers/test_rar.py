"""Rar files: names and stored files are read, all else is lost, and no program is run."""

import subprocess
from typing import NoReturn

import pytest
import rarfile  # type: ignore[import-untyped]  # the library has no types

from smtp_gate.core.view import Part, Reason
from smtp_gate.reading.containers import open_container
from smtp_gate.reading.openers.base import OpenLimits
from tests.reading.openers.packed import part, rar5

NUMBER = b"SSN 536-90-4399"


@pytest.fixture(autouse=True)
def _no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a program was run")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(rarfile, "Popen", refuse)
    monkeypatch.setattr(rarfile, "custom_popen", refuse)


def opened(content: bytes, limits: OpenLimits | None = None) -> tuple[Part, ...]:
    found = open_container(part(content, "a.rar"), limits or OpenLimits())
    assert isinstance(found, tuple), found
    return found


def lost(found: tuple[Part, ...]) -> list[tuple[str, Reason | None]]:
    return [(member.name, member.lost) for member in found if member.lost is not None]


def test_stored_files_are_read_and_packed_ones_lost_by_name() -> None:
    found = opened(rar5([("a.txt", NUMBER), ("b/c.txt", b"two")]))
    assert [(m.name, m.content) for m in found] == [("a.txt", NUMBER), ("b/c.txt", b"two")]
    assert lost(opened(rar5([("a.txt", NUMBER)], method=3))) == [("a.txt", Reason.UNKNOWN)]


def test_encrypted_files_are_lost_by_name_and_encrypted_names_as_a_whole() -> None:
    assert lost(opened(rar5([("a.txt", NUMBER)], encrypted=True))) == [("a.txt", Reason.ENCRYPTED)]
    assert open_container(part(rar5([], hidden=True), "a.rar"), OpenLimits()) is Reason.ENCRYPTED


def test_what_follows_the_end_or_a_damaged_header_is_read_or_lost() -> None:
    found = opened(rar5([("a.txt", b"one")], behind=NUMBER))
    assert any(NUMBER in m.content for m in found if m.kind == "text")
    content = bytearray(rar5([("a.txt", b"one"), ("b.txt", NUMBER)], method=3))
    content[content.index(b"b.txt")] ^= 1
    found = opened(bytes(content))
    assert [(m.name, m.kind) for m in found if m.lost is None] == [("", "unknown")]


def test_more_files_than_places() -> None:
    assert lost(opened(rar5([(str(n), b"x") for n in range(9)]), OpenLimits(members=5)))[0] == ("", Reason.LIMIT)


def test_a_compressed_comment_of_old_files_is_lost_without_a_program() -> None:
    assert rarfile.rar3_decompress.__module__ == "rarfile"
    opened(rar5([("a.txt", b"one")]))
    assert rarfile.rar3_decompress.__module__ == "rarfile"
