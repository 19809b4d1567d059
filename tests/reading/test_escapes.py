"""Escapes that hide the ends of a number, and values of XML beside the names of their elements."""

import time

import pytest

from smtp_gate.reading.escapes import ENTITIES, unescaped
from tests.reading.reading_help import read_octets, seen

NUMBER = "536-90-4399"


def attached(media_type: str, content: bytes) -> bytes:
    return b"Content-Type: " + media_type.encode() + b"\r\n\r\n" + content


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/json", b'{"note": "SSN:\\n536-90-4399\\n"}'),
        ("application/json", b'{"ssn": "\\u0035\\u00336-90-4399"}'),
        ("application/json", b'{"ssn": "536\\/90\\/4399"}'.replace(b"\\/", b"\\-")),
        ("text/calendar", b"BEGIN:VCALENDAR\r\nDESCRIPTION:SSN\\n536-90\r\n -4399\\nx\r\nEND:VCALENDAR\r\n"),
        ("text/vcard", b"BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE;ENCODING=QUOTED-PRINTABLE:SSN=20536=\r\n-90=2D4399\r\nEND:VCARD\r\n"),
        ("text/xml", b'<?xml version="1.0"?><a><![CDATA[536-90-4399]]></a>'),
        ("text/xml", b'<?xml version="1.0"?><a>&#53;36-90-4399</a>'),
        ("text/xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "536-90-4399">]><a>&e;</a>'),
        ("text/xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "536-90-">]><a>&e;4399</a>'),
    ],
)  # fmt: skip
def test_a_number_is_seen_in_data_formats(media_type: str, content: bytes) -> None:
    assert seen(read_octets(attached(media_type, content)), NUMBER)


def readings(kind: str, source: str) -> dict[str, str]:
    return dict(unescaped(kind, source))


def test_values_of_xml_are_told_with_their_names() -> None:
    said = readings(
        "xml", f'<?xml version="1.0"?><p><dateOfBirth>1980-01-02</dateOfBirth><n ssn_no="{NUMBER}">x</n></p>'
    )
    assert said == {"labelled": f"date Of Birth: 1980-01-02\nssn no: {NUMBER}"}


def test_nothing_is_made_where_nothing_is_escaped() -> None:
    assert readings("text", r"C:\new\1 and a regex \d+ and 5\6") == {}
    assert readings("text", "plain words") == {}


def test_references_expand_no_further_than_the_text_is_long() -> None:
    source = f'<!DOCTYPE a [<!ENTITY e "{"x" * 1000}">]><a>{"&e;" * 10_000}</a>'
    assert sum(map(len, readings("xml", source).values())) < 4 * len(source)
    many = "<!DOCTYPE a [" + "".join(f'<!ENTITY e{n} "{n}">' for n in range(2 * ENTITIES)) + "]>"
    assert readings("xml", many)["declared"].count("\n") == ENTITIES - 1


@pytest.mark.parametrize(
    "source",
    ["<a" * 200_000, '<a x="' * 100_000, '<!ENTITY a "' * 50_000, "<!ENTITY" + "&a" * 200_000, "<a>" + "x" * 500_000, "a=" * 200_000,
     "a =  " * 100_000, "1\\n" * 200_000, "<a " * 100_000 + ">x</"],
)  # fmt: skip
def test_time_is_linear(source: str) -> None:
    started = time.process_time()
    readings("xml", source)
    assert time.process_time() - started < 2.5
