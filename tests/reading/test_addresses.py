"""Address headers: displays, groups, comments; what cannot be read is a defect and never another address."""

import pytest

from tests.reading.reading_help import names, read_mail


def boxes(value: str, field: str = "To") -> list[tuple[str, str]]:
    return [(m.display, m.address) for m in read_mail(f"{field}: {value}\n\nx").mailboxes_of(field)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.example", [("", "a@b.example")]),
        ("Dana Okafor <DOkafor@Milwaukee.GOV>", [("Dana Okafor", "DOkafor@milwaukee.gov")]),
        ('"Okafor, Dana" <a@b.example>, c@d.example', [("Okafor, Dana", "a@b.example"), ("", "c@d.example")]),
        ("=?utf-8?q?J=C3=B6rg=2C_x?= <a@b.example>", [("J\u00f6rg, x", "a@b.example")]),
        ("=?utf-8?q?x=40y=2Eexample=2C?= <a@b.example>", [("x@y.example,", "a@b.example")]),
        ("Team: a@b.example, C <c@d.example>;", [("", "a@b.example"), ("C", "c@d.example")]),
        ("undisclosed-recipients:;", []),
        ("a@b.example (Dana (x) Okafor)", [("", "a@b.example")]),
        ('"a@x.example"@b.example', [("", "a@x.example@b.example")]),
        ("a@[192.0.2.1]", [("", "a@[192.0.2.1]")]),
        ("Dana\n <a@b.example>", [("Dana", "a@b.example")]),
        ("a@xn--mnchen-3ya.example", [("", "a@m\u00fcnchen.example")]),
    ],
)
def test_mailboxes(value: str, expected: list[tuple[str, str]]) -> None:
    view = read_mail(f"From: x@y.example\nTo: {value}\n\nx")
    assert [(m.display, m.address) for m in view.mailboxes_of("to")] == expected
    assert "unreadable_address" not in names(view)


@pytest.mark.parametrize(
    "value",
    [
        "Dana",
        "<a@b.example",
        "a@b.example <c@d.example",
        "<a@b.example> <c@d.example>",
        "a b@c.example",
        "<@r.example:a@b.example>",
        "a@",
        '"x',
        "(",
        "a@b..c",
    ],
)
def test_unreadable_entries_are_defects(value: str) -> None:
    view = read_mail(f"From: x@y.example\nTo: {value}\n\nx")
    assert "unreadable_address" in names(view)
    assert any(not m.address for m in view.mailboxes_of("to"))


def test_authors_are_counted() -> None:
    assert "several_authors" in names(read_mail("From: a@b.example, c@d.example\n\nx"))
    assert "duplicate_from" in names(read_mail("From: a@b.example\nFrom: c@d.example\n\nx"))
    assert "no_author" in names(read_mail("To: a@b.example\n\nx"))
    assert not names(read_mail("From: a@b.example\n\nx"))


def test_other_fields_are_read_too() -> None:
    assert boxes("a@b.example", "Reply-To") == [("", "a@b.example")]
    assert boxes("a@b.example", "Resent-Cc") == [("", "a@b.example")]
    assert boxes("a@b.example", "Subject") == []
