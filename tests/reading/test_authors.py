"""Who has written a message: an ordinary From line raises no doubt, and every trick with one does."""

import time

import pytest

from smtp_gate.reading.authors import doubts, other_addresses, unclear
from tests.families.seen import seen


def doubted(*lines: str) -> tuple[str, ...]:
    return doubts(seen("\n".join(lines) + "\nTo: lee@example.org\nSubject: x\n\nhello\n"))


@pytest.mark.parametrize(
    "line",
    [
        "From: dokafor@milwaukee.gov",
        "From: <dokafor@milwaukee.gov>",
        "From: Dana Okafor <dokafor@milwaukee.gov>",
        'From: "Okafor, Dana" <dokafor@milwaukee.gov>',
        "From: dokafor@milwaukee.gov (Dana Okafor)",
        'From: "dokafor@milwaukee.gov" <dokafor@milwaukee.gov>',
        "From: =?utf-8?q?Dana_Ok=C3=A1for?= <dokafor@milwaukee.gov>",
        "From: =?utf-8?b?RGFuYQ==?=\n =?utf-8?b?IE9rYWZvcg==?= <dokafor@milwaukee.gov>",
        "From: Dana Okafor via Permits <permits@milwaukee.gov>",
        "From: Dána Okafor <dokafor@milwaukee.gov>",
        "From: dokafor@[192.0.2.1]",
        "From: Dana O'Kafor (Comptroller's Office: Budget) <dokafor@milwaukee.gov>",
        "From: 'dokafor@milwaukee.gov' <dokafor@milwaukee.gov>",
        'From: "Dana @ City" <dokafor@milwaukee.gov>',
        'From: "Dana (@dokafor)" <dokafor@milwaukee.gov>',
        'From: "dokafor"@milwaukee.gov',
        "From: =?utf-8?q?Okafor:_Dana?= <dokafor@milwaukee.gov>",
        "DKIM-Signature: v=1; h=Content-Type:Subject:To:\n\tFrom:Sender; b=A\nFrom: dokafor@milwaukee.gov",
    ],
)
def test_an_ordinary_line_raises_none(line: str) -> None:
    assert doubted(line) == ()


# What the line does, and the doubt that it must raise at least.
TRICKS = {
    "two lines": ("From: a@milwaukee.gov\nFrom: b@milwaukee.gov", "several_from_lines"),
    "the second with a space": ("From: a@milwaukee.gov\nFrom : b@milwaukee.gov", "several_from_lines"),
    "the first with a space": ("From : a@milwaukee.gov\nFrom: b@milwaukee.gov", "several_from_lines"),
    "the second in capitals": ("From: a@milwaukee.gov\nFROM: b@milwaukee.gov", "several_from_lines"),
    "one within a fold": ("From: a@milwaukee.gov\n From: b@milwaukee.gov", "other_address_in_author"),
    "one behind an odd octet": ("From: a@milwaukee.gov\n\x0bFrom: b@milwaukee.gov", "several_from_lines"),
    "one behind an invisible character": ("From: a@milwaukee.gov\n\ufeffFrom: b@milwaukee.gov", "several_from_lines"),
    "none": ("Sender: a@milwaukee.gov", "no_author"),
    "an empty one": ("From:", "no_author"),
    "two authors": ("From: a@milwaukee.gov, b@milwaukee.gov", "several_authors"),
    "two authors with a semicolon": ("From: a@milwaukee.gov; b@milwaukee.gov", "several_authors"),
    "a group": ("From: City: a@milwaukee.gov;", "group_author"),
    "an empty group": ("From: City:;", "group_author"),
    "a quoted group": ('From: "City": a@milwaukee.gov;', "group_author"),
    "two brackets": ("From: <a@milwaukee.gov> <b@milwaukee.gov>", "unreadable_author"),
    "an open bracket": ("From: A <a@milwaukee.gov", "unreadable_author"),
    "a bracket in a bracket": ("From: <<b@milwaukee.gov>a@milwaukee.gov>", "unreadable_author"),
    "text behind the bracket": ("From: <a@milwaukee.gov>b@milwaukee.gov", "other_address_in_author"),
    "an address for a name": ('From: "cio@milwaukee.gov" <a@milwaukee.gov>', "other_address_in_author"),
    "an address in the name": ("From: Ann (cio@milwaukee.gov) <a@milwaukee.gov>", "other_address_in_author"),
    "an address in a comment": ("From: a@milwaukee.gov (cio@milwaukee.gov)", "other_address_in_author"),
    "an address in encoded words": (
        "From: =?utf-8?q?cio=40milwaukee.gov?= <a@milwaukee.gov>",
        "other_address_in_author",
    ),
    "an at sign of another width": ("From: cio\uff20milwaukee.gov <a@milwaukee.gov>", "other_address_in_author"),
    "an address in base64": ("From: =?utf-8?b?Y2lvQG1pbHdhdWtlZS5nb3Y=?= <a@evil.example>", "other_address_in_author"),
    "a bracketed encoded word": ("From: A <=?utf-8?q?cio=40milwaukee.gov?=>", "encoded_author"),
    "an encoded local part": ("From: =?utf-8?q?cio?=@milwaukee.gov", "encoded_author"),
    "an encoded domain": ("From: cio@=?utf-8?q?milwaukee.gov?=", "encoded_author"),
    "an encoded line break": (
        "From: =?utf-8?q?a=40milwaukee.gov=0d=0aFrom:_cio=40milwaukee.gov?= <a@milwaukee.gov>",
        "other_address_in_author",
    ),
    "an encoded NUL": ("From: =?utf-8?q?cio=40milwaukee.gov=00?= <a@milwaukee.gov>", "control_in_author"),
    "a percent route": ("From: cio%milwaukee.gov@evil.example", "rerouted_author"),
    "a bang route": ("From: evil.example!cio@milwaukee.gov", "rerouted_author"),
    "a quoted address for a local part": ('From: "cio@milwaukee.gov"@evil.example', "rerouted_author"),
    "a source route": ("From: <@evil.example:a@milwaukee.gov>", "unreadable_author"),
    "two at signs": ("From: cio@milwaukee.gov@evil.example", "rerouted_author"),
    "right to left": ("From: vog.eekuawlim@oic \u202e <a@milwaukee.gov>", "control_in_author"),
    "zero width": ("From: c\u200bio <a@milwaukee.gov>", "control_in_author"),
    "an open quote": ('From: "Ann <a@milwaukee.gov>', "unreadable_author"),
    "an open comment": ("From: Ann (x <a@milwaukee.gov>", "unreadable_author"),
    "a comment in the address": ("From: a(cio@milwaukee.gov)@milwaukee.gov", "other_address_in_author"),
    "a space in the address": ("From: cio @ milwaukee.gov", "unreadable_author"),
    "a comma in a bare name": ("From: Okafor, Dana <a@milwaukee.gov>", "several_authors"),
    "an at sign behind the address": ("From: a@milwaukee.gov@ <a@milwaukee.gov>", "stray_at_in_author"),
    "an at sign before it": ("From: x @a@milwaukee.gov <a@milwaukee.gov>", "stray_at_in_author"),
    "no domain": ("From: cio", "unreadable_author"),
    "a very long one": ("From: " + "a" * 9000 + " <a@milwaukee.gov>", "long_author"),
}


@pytest.mark.parametrize(("lines", "doubt"), list(TRICKS.values()), ids=list(TRICKS))
def test_a_trick_raises_a_doubt(lines: str, doubt: str) -> None:
    assert doubt in doubted(*lines.split("\n"))


@pytest.mark.parametrize(
    "line",
    [
        "Sender: mlindgren @milwaukee.gov",
        "Sender: a@milwaukee.gov, b@milwaukee.gov",
        'Sender: "mlindgren@milwaukee.gov" <a@milwaukee.gov>',
        "Sender: " + "(" * 3000,
        "Reply-To: bkowal @ milwaukee.gov",
        "Reply-To: =?utf-8?q?mlindgren=40milwaukee=2Egov?=",
        "Reply-To: <mlindgren%milwaukee.gov@gmail.com>",
        "Reply-To: " + ", ".join(f"a{n}@milwaukee.gov" for n in range(30)),
        "Resent-From: mlindgren @milwaukee.gov",
    ],
)
def test_other_headers_are_unclear_by_the_same_tricks(line: str) -> None:
    view = seen(f"From: a@milwaukee.gov\n{line}\nTo: l@example.org\n\nx\n")
    assert unclear(view) == (line.partition(":")[0].lower(),)


def test_ordinary_ones_are_clear() -> None:
    view = seen("From: a@b.org\nSender: Dana <d@b.org>\nReply-To: x@b.org, y@b.org\nTo: l@example.org\n\nx\n")
    assert unclear(view) == ()


@pytest.mark.parametrize("piece", ["=?a?q?", "=?", "a", "(", '"', "<", "a@b.c,", "@", "\\", "=?utf-8?q?a?= ", ":", " "])
@pytest.mark.parametrize("lines", [1, 300])
def test_no_line_takes_long_however_long_it_is(piece: str, lines: int) -> None:
    line = "From: " + piece * (60_000 // len(piece) // lines)
    view = seen("\n".join([line] * lines) + "\nTo: l@example.org\n\nx\n")
    started = time.process_time()
    doubts(view)
    unclear(view)
    assert time.process_time() - started < 0.5


def test_the_other_addresses_are_named() -> None:
    view = seen('From: "CIO@milwaukee.gov" <a@milwaukee.gov>\nTo: l@example.org\n\nx\n')
    assert other_addresses(view) == ("cio@milwaukee.gov",)
