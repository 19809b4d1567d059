"""Mail files of every kind become CRLF messages, nothing lost and nothing split that is one."""

from pathlib import Path

import pytest

from smtp_gate.cli.mailfiles import crlf, files_below, messages_in

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
