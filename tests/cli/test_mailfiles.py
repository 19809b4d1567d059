"""Mail files of every kind become CRLF messages, nothing lost and nothing split that is one."""

import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtp_gate.cli.mailfiles import crlf, files_below, message_at, messages_in

MBOX = (
    b"From a@example.org Mon Mar  2 09:00:00 2026\nSubject: one\n\nhello\n\n"
    b"From here on it is text\n\n"
    b"From b@example.org Mon Mar  2 09:01:00 2026\nSubject: two\n\nbye\n"
)


def test_an_mbox_is_cut_at_its_separators_only(tmp_path: Path) -> None:
    file = tmp_path / "inbox"
    file.write_bytes(MBOX)
    mails = list(messages_in(file))
    assert [m.label for m in mails] == [f"{file}#1", f"{file}#2"]
    assert mails[0].content == b"Subject: one\r\n\r\nhello\r\n\r\nFrom here on it is text\r\n"
    assert mails[1].content == b"Subject: two\r\n\r\nbye\r\n"


def test_a_leading_from_line_of_a_single_message_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "m.txt"
    file.write_bytes(b"From a@example.org  Mon Mar  2 09:00:00 2026\nSubject: one\n\nhello\n")
    (mail,) = messages_in(file)
    assert mail.label == str(file)
    assert mail.content == b"Subject: one\r\n\r\nhello\r\n"


@pytest.mark.parametrize("octets", [b"a\nb\n", b"a\r\nb\r\n", b"a\rb\r", b"a\r\nb\n"])
def test_every_line_end_becomes_crlf(octets: bytes) -> None:
    assert crlf(octets) == b"a\r\nb\r\n"


def test_a_folder_means_every_file_below_it(tmp_path: Path) -> None:
    (tmp_path / "cur").mkdir()
    for name in ("cur/1:2,S", "b.eml", "a.TXT"):
        (tmp_path / name).write_bytes(b"x")
    assert [p.relative_to(tmp_path).as_posix() for p in files_below(tmp_path)] == ["a.TXT", "b.eml", "cur/1:2,S"]


def test_a_path_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files_below(tmp_path / "nowhere")


OLD_FROM = re.compile(rb"From [^\r\n]*\r?\n")
OLD_SEPARATOR = re.compile(rb"\n\r?\nFrom \S+ [^\r\n]*\d\d:\d\d[^\r\n]*\d{4}[^\r\n]*\r?\n(?=[!-9;-~]+:)")


def split_whole(octets: bytes) -> Iterator[bytes]:
    """The rules of From_ lines in one look at the whole file: what reading line by line must come to."""
    first = OLD_FROM.match(octets)
    if first is None:
        yield octets
        return
    start = first.end()
    for separator in OLD_SEPARATOR.finditer(octets, start):
        yield octets[start : separator.start() + 1]
        start = separator.end()
    yield octets[start:]


PIECES = (
    b"From a@example.org Mon Mar  2 09:00:00 2026", b"From MAILER-DAEMON 09:00 2026", b"From here on it is text",
    b"From a Mon\r09:00 2026", b">From a 09:00 2026", b"Subject: one", b"hello", b": x", b"", b"\n", b"\r\n", b"\r", b"\n\n",
    b"\xff\x00", b" ",
)  # fmt: skip
boxes = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from((b"\n", b"\n", b"\n\n", b"\r\n", b"\r\n\r\n", b""))), max_size=14
).map(lambda lines: b"".join(line + end for line, end in lines))


@settings(max_examples=500)
@given(st.sampled_from((0, 1)), boxes)
def test_read_line_by_line_an_mbox_is_cut_as_in_one_look_at_the_whole(
    tmp_path_factory: pytest.TempPathFactory, is_mbox: int, box: bytes
) -> None:
    octets = (PIECES[0] + b"\n") * is_mbox + box
    file = tmp_path_factory.getbasetemp() / "box"
    file.write_bytes(octets)
    expected = [crlf(part) for part in split_whole(octets)]
    found = list(messages_in(file))
    assert [mail.content for mail in found] == expected
    labels = [f"{file}#{n}" for n in range(1, len(expected) + 1)] if len(expected) > 1 else [str(file)]
    assert [mail.label for mail in found] == labels
    assert [message_at(file, mail.start, mail.size) for mail in found] == expected


def test_a_large_mbox_is_never_held_whole(tmp_path: Path) -> None:
    file = tmp_path / "box"
    with file.open("wb") as box:
        box.writelines(MBOX + b"\n" + b"x" * 70 + b"\n\n" for _ in range(20_000))
    tracemalloc.start()
    try:
        number = sum(1 for _ in messages_in(file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == 40_000
    assert peak < 300_000 < file.stat().st_size / 10
