"""The splitter: parts with offsets, numbers, budgets, and that no broken structure hides what it holds."""

import base64

import pytest

from smtp_gate.core.message import Message
from smtp_gate.core.view import MessageView, Part, Reason, Region, RegionKind
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from tests.builders import RECEIVED, envelope
from tests.reading.reading_help import names, read_mail, read_octets, said, seen
from tests.reading.sealed_samples import armor, cipher, enveloped, pgp
from tests.reading.test_media import PNG, chunk

SECRET = "Her number is 536-90-4399, keep it safe."
HEAD = "From: a@milwaukee.gov\nMIME-Version: 1.0\n"


def b64(text: str) -> str:
    return base64.encodebytes(text.encode()).decode()


def test_numbers_types_and_offsets_of_nested_parts() -> None:
    view = read_mail(
        HEAD
        + "Content-Type: multipart/mixed; boundary=o\n\npre\n--o\nContent-Type: multipart/alternative; boundary=i\n\n"
        "--i\nContent-Type: text/plain; charset=utf-8\n\nplain body\n--i\nContent-Type: text/html\n\n<p>html body</p>\n--i--\n"
        '--o\nContent-Type: text/csv; name="list.csv"\nContent-Disposition: attachment\n\na,b\n--o--\nepi\n'
    )
    assert [(p.part, p.media_type, p.depth) for p in view.parts] == [
        ("0", "multipart/mixed", 0),
        ("1", "multipart/alternative", 1),
        ("1.1", "text/plain", 2),
        ("1.2", "text/html", 2),
        ("2", "text/csv", 1),
    ]
    plain, page, csv = view.parts[2], view.parts[3], view.parts[4]
    content = view.message.content
    assert content[plain.start : plain.end] == plain.content == b"plain body"
    assert content[page.start : page.end] == b"<p>html body</p>"
    assert (csv.name, csv.kind, content[csv.start : csv.end]) == ("list.csv", "text", b"a,b")
    assert said(view, "preamble") == ["pre"]
    assert said(view, "epilogue") == ["epi"]
    assert not view.defects


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("base64", b64("ä " + SECRET)), ("quoted-printable", "=C3=A4 Her number is 536-=\n90-4399, keep it safe.")],
)
def test_transfer_encodings(encoding: str, body: str) -> None:
    view = read_mail(HEAD + f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{body}")
    assert said(view, "plain")[0].strip() == "ä " + SECRET
    assert not view.defects


def test_uuencoded_text_is_an_attachment_within() -> None:
    body = "begin 644 people.txt\n" + "".join(
        __import__("binascii").b2a_uu(SECRET.encode()[i : i + 45]).decode() for i in range(0, len(SECRET), 45)
    )
    view = read_mail(HEAD + f"\nHi\n{body}`\nend\nbye\n")
    text = next(t for t in view.texts if t.reading == "file")
    assert text.text == SECRET
    assert text.spans[0].region == Region(RegionKind.ATTACHMENT, "people.txt")


def test_nested_messages_are_forwarded_and_returned() -> None:
    inner = "From: x@y.example\nSubject: inner\n\ninner body\n"
    view = read_mail(
        HEAD
        + "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nown\n--o\nContent-Type: message/rfc822\n\n"
        + inner
        + "--o--\n"
    )
    assert [(p.part, p.container) for p in view.parts] == [("0", True), ("1", False), ("2", True), ("2.0", False)]
    body = next(t for t in view.texts if t.text.startswith("inner body"))
    assert body.spans[0].region.kind is RegionKind.FORWARDED
    report = read_mail(
        HEAD + "Content-Type: multipart/report; report-type=delivery-status; boundary=o\n\n--o\n\nfailed\n--o\n"
        "Content-Type: message/delivery-status\n\nAction: failed\n--o\nContent-Type: message/rfc822\n\n"
        + inner
        + "--o--\n"
    )
    kinds = {t.text.split()[0]: t.spans[0].region.kind for t in report.texts if t.part != "0"}
    assert kinds["failed"] is RegionKind.OWN
    assert kinds["inner"] is kinds["Action:"] is RegionKind.RETURNED


def test_an_encoded_nested_message_is_read() -> None:
    inner = b64("Subject: x\n\n" + SECRET)
    view = read_mail(HEAD + "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + inner)
    nested = view.parts[1]
    assert nested.nested
    assert nested.content.decode().strip() == SECRET
    assert "encoded_container" in names(view)


TRICKS = {
    "duplicate_content_type": "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\n{b64}--x--\n",
    "duplicate_encoding": "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n{b64}",
    "unknown_encoding": "Content-Transfer-Encoding: base645\n\n{b64}",
    "odd_encoding": "Content-Transfer-Encoding: (x)bas(y)e64\n\n{b64}",
    "malformed_header": "Content-Transfer-Encoding : base64\n\n{b64}",
    "missing_boundary": "Content-Type: multipart/mixed\n\n--x\nContent-Transfer-Encoding: base64\n\n{b64}--x--\n",
    "unused_boundary": "Content-Type: multipart/mixed; boundary=y\n\n--x\nContent-Transfer-Encoding: base64\n\n{b64}--x--\n",
    "odd_delimiter": "Content-Type: multipart/mixed; boundary=x\n\n--x junk\nContent-Transfer-Encoding: base64\n\n{b64}--x--\n",
    "missing_end_boundary": "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\n{b64}",
    "duplicate_boundary": "Content-Type: multipart/mixed; boundary=y; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\n{b64}--x--\n",
    "odd_boundary": 'Content-Type: multipart/mixed; boundary=""\n\n--\nContent-Transfer-Encoding: base64\n\n{b64}----\n',
    "encoded_container": "Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\n{b64}",
    "part_after_end": "Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--\n--x\nContent-Transfer-Encoding: base64\n\n{b64}",
    "missing_header_break": "Content-Transfer-Encoding: base64\n{b64}",
    "header_comment": "Content-Type: multipart/mixed; boundary=(y)x\n\n--x\nContent-Transfer-Encoding: base64\n\n{b64}--x--\n",
    "malformed_content_type": "Content-Type: text\nContent-Transfer-Encoding: base64\n\n{b64}",
}


@pytest.mark.parametrize("defect", sorted(TRICKS))
def test_a_trick_is_named_and_hides_nothing(defect: str) -> None:
    view = read_mail(HEAD + TRICKS[defect].replace("{b64}", b64(SECRET)))
    assert defect in names(view)
    assert seen(view, "536-90-4399")


@pytest.mark.parametrize("junk", [".", "# ", "==", "\n \n", "-"])
@pytest.mark.parametrize("at", [1, 7, 20, 33])
def test_damaged_base64_is_read_at_every_alignment(junk: str, at: int) -> None:
    payload = base64.b64encode((SECRET * 2).encode()).decode()
    view = read_mail(HEAD + f"Content-Transfer-Encoding: base64\n\n{payload[:at]}{junk}{payload[at:]}\n")
    assert seen(view, "536-90-4399")


def test_base64_pasted_into_a_text_is_undone_even_twice() -> None:
    twice = b64(b64(SECRET * 3))
    assert seen(read_mail(HEAD + f"\nSee:\n{twice}\nBye"), "536-90-4399")


def test_clean_mail_is_read_once() -> None:
    view = read_mail(HEAD + "Subject: Agenda\nContent-Type: text/plain\n\nSee https://example.org/a/long-path/with=x\n")
    assert [t.reading for t in view.texts] == ["header", "plain"]
    assert not view.defects


def test_depth_parts_and_headers_beyond_the_limit_are_unscannable() -> None:
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(40))
    view = read_mail(deep + "\n" + SECRET)
    assert any(u.reason is Reason.LIMIT and u.kind == "mime" for u in view.unscannable)
    assert max(p.depth for p in view.parts) <= 32
    assert seen(view, "536-90-4399")
    many = "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 50 + "--b\n\n" + SECRET + "\n--b--\n"
    view = read_mail(many, Limits(parts=10))
    assert len(view.parts) == 10
    assert [u.kind for u in view.unscannable] == ["mime"]
    assert seen(view, "536-90-4399")
    view = read_mail("X: y\n" * 30 + "\nbody", Limits(headers=20))
    assert [u.kind for u in view.unscannable] == ["headers"]


def test_text_beyond_the_budget_is_unscannable() -> None:
    view = read_mail("Subject: x\n\n" + "a" * 500 + SECRET, Limits(text=300))
    assert [(u.reason, u.kind) for u in view.unscannable] == [(Reason.LIMIT, "text")]
    assert sum(len(t.octets) for t in view.texts) <= 300


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "pdf"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "ole"),
        (bytes(range(256)), "unknown"),
    ],
)
def test_documents_and_unknown_octets_are_unscannable_whatever_they_are_called(content: bytes, kind: str) -> None:
    body = base64.encodebytes(content).replace(b"\n", b"\r\n")
    head = b'Content-Type: image/png; name="x.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    view = read_octets(head + body)
    assert [(u.kind, u.reason, u.region.path) for u in view.unscannable] == [(kind, Reason.UNKNOWN, "x.png")]


ATTACHED = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"


def attached(content: bytes, head: bytes = ATTACHED) -> MessageView:
    return read_octets(head + base64.encodebytes(content).replace(b"\n", b"\r\n"))


def test_a_picture_holds_no_text_but_what_stands_behind_it_is_read() -> None:
    view = attached(PNG)
    assert not view.unscannable
    assert view.parts[0].kind == "image"
    for tail in (SECRET.encode(), SECRET.encode() + b"IEND\xaeB`\x82", b"SSN 536-90-4399"):
        view = attached(PNG + tail)
        assert not view.unscannable
        assert seen(view, "536-90-4399")


def test_text_written_into_a_picture_is_read() -> None:
    assert seen(attached(PNG[:33] + chunk(b"tEXt", b"Comment\0" + SECRET.encode()) + PNG[33:]), "536-90-4399")


def test_an_archive_behind_a_picture_is_unscannable() -> None:
    archive = b"PK\3\4\x14\0\0\0\x08\0" + bytes(40) + b"PK\5\6" + bytes(18)
    assert [(u.kind, u.reason) for u in attached(PNG + archive).unscannable] == [("zip", Reason.UNKNOWN)]


@pytest.mark.parametrize(
    "head",
    [b"", b"Content-Type: text/html\r\n", b"Content-Type: application/x-y; name=a.csv\r\n"],
    ids=["none", "html", "csv"],
)
@pytest.mark.parametrize("magic", [b"BM", b"ID3", b"xxxxftyp", b"GIF89a", b"\xff\xd8\xff"])
def test_octets_that_claim_to_be_text_are_read_as_text_whatever_they_begin_with(head: bytes, magic: bytes) -> None:
    assert seen(
        read_octets(head + b"\r\n" + magic + b"\1" * 9 + b" Her \1SSN\1 is 536-\00190-4399 ok"), "SSN is 536-90-4399"
    )


def test_a_true_picture_that_claims_to_be_text_is_read_as_text_as_well() -> None:
    head = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert seen(attached(PNG[:33] + chunk(b"teXt", b"536-\00190-4399") + PNG[33:], head), "536-90-4399")


ZIP = b"PK\3\4\x14\0\0\0\x08\0" + bytes(range(60)) * 3
LEAF = b"Content-Type: application/zip; name=a.zip\r\n"


def lines(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    "content",
    [
        LEAF + b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines(ZIP),
        LEAF + b"Content-Transfer-Encoding: base-64\r\n\r\n" + lines(ZIP),
        LEAF + b'Content-Transfer-Encoding: "base64"\r\n\r\n' + lines(ZIP),
        LEAF + b"Content-Transfer-Encoding: base64, 7bit\r\n\r\n" + lines(ZIP),
        b"Content-Type: multipart; boundary=B\r\n\r\n--B\r\n" + ATTACHED + lines(ZIP) + b"--B--\r\n",
        b"Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n" + ATTACHED + lines(ZIP) + b"--B--\r\n",
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + ATTACHED + lines(ZIP) + b"\r\n--B\r\n\r\nhi\r\n--B--\r\n",
        ATTACHED + lines(lines(ZIP)),
        b"\r\nplease decode:\r\n" + lines(ZIP),
    ],
    ids=["twice", "unknown", "quoted", "list", "no subtype", "two types", "preamble", "base64 of base64", "in a text"],
)  # fmt: skip
def test_a_container_in_any_reading_is_unscannable(content: bytes) -> None:
    assert ("zip", Reason.UNKNOWN) in {(u.kind, u.reason) for u in read_octets(content).unscannable}


def test_an_encrypted_message_in_any_reading_is_unscannable() -> None:
    head = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    content = enveloped(cipher(300))
    assert {(u.kind, u.reason) for u in attached(content, head).unscannable} >= {("smime", Reason.ENCRYPTED)}
    armoured = b"\r\n" + lines(armor(pgp()))
    assert [(u.kind, u.reason) for u in read_octets(armoured).unscannable] == [("pgp", Reason.ENCRYPTED)]


def test_what_structure_has_opened_is_not_unscannable_by_a_further_reading() -> None:
    head = b"Content-Type: multipart/mixed; boundary=a@b\r\n\r\n--a@b\r\n" + ATTACHED
    message = Message("TESTREF0001", envelope(), head + lines(ZIP) + b"--a@b--\r\n", RECEIVED)
    assert {d.name for d in read(message, Limits(), {}).defects} == {"odd_boundary", "no_author"}
    member = Part("1!1", 2, "", (), 0, 5, nested=True, names=("a.txt",), content=b"plain")
    assert not read(message, Limits(), {"1": (member,)}).unscannable


@pytest.mark.parametrize("body", ["my SSN 536904399 yesaaa", "her\nSSN\n536904399\nokxaaa"])
@pytest.mark.parametrize(
    "fields",
    [
        "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n",
        "Content-Transfer-Encoding : base64\n",
        "Content-Transfer-Encoding: base64 (x)\n",
    ],
)
def test_base64_is_exact_only_where_its_encoding_is_beyond_doubt(fields: str, body: str) -> None:
    assert seen(read_mail(HEAD + fields + "\n" + body), "536904399")


def test_nothing_is_exact_where_parts_divide_differently() -> None:
    mail = (
        "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--b\n\n--a\nContent-Transfer-Encoding: base64\n\n"
        "her/SSN/536904399/isaaaa\n--a--\n--b--\n"
    )
    assert seen(read_mail(mail), "her/SSN/536904399")


@pytest.mark.parametrize(
    "fields",
    [
        'Content-Disposition: attachment; filename*0="SSN 536-9"; filename*1="0-4399.txt"',
        "Content-Disposition: attachment; filename*=utf-8''SSN%20%3536-90-4399.txt",
        'Content-Disposition: attachment; filename*0="SSN %3536-9"; filename*1="0-4399.txt"',
        'Content-Disposition: attachment\nContent-Disposition: x; filename*0="SSN 536-"; filename*1="90-4399"',
        'Content-Type: text/plain; name="SSN%20%3536%2D90%2D4399.txt"',
        'Content-Type: text/plain; name="SSN 53\\6-90-4399.txt"',
        "Content-Type: text/plain; name=SSN%2053\\6-90-4399.txt",
        'From: "SSN 53\\6-90-4399" <a@b.example>',
    ],
)
def test_every_decoded_name_is_searched(fields: str) -> None:
    leaf = f"{fields}\n\nhello\n"
    assert any("SSN 536-90-4399" in t.text for t in read_mail(leaf).texts)
    whole = read_mail("Content-Type: multipart/mixed; boundary=B\n\n--B\n" + leaf + "--B--\n")
    assert any("SSN 536-90-4399" in t.text for t in whole.texts)


def test_lines_that_flow_together_without_a_space_are_joined() -> None:
    flowed = "Content-Type: text/plain; format=flowed; delsp=yes\n\nS \nS \nN 53 \n6-90-4399"
    assert seen(read_mail(flowed), "SSN 536-90-4399")


def test_text_called_a_picture_is_read() -> None:
    view = read_mail('Content-Type: image/gif; name="x.gif"\n\nGIF89a ' + SECRET)
    assert seen(view, "536-90-4399")


def test_every_candidate_name_is_kept() -> None:
    view = read_mail(
        "Content-Type: text/plain; name=\"good.txt\"\nContent-Disposition: attachment; filename=good.txt; filename*0*=utf-8''ev%C3%AFl;\n"
        " filename*1=.exe\n\nx"
    )
    assert view.parts[0].names == ("evïl.exe", "good.txt")
    assert "duplicate_parameter" in names(view)


def test_encrypted_content_is_told() -> None:
    view = read_mail(HEAD + "\n" + armor(pgp()).decode().replace("\r", ""))
    assert [(u.reason, u.kind) for u in view.unscannable] == [(Reason.ENCRYPTED, "pgp")]


def test_long_lines_are_named() -> None:
    assert "long_line" in names(read_mail("Subject: x\n\nab\n" + "x" * 999 + "\n"))
    assert "long_line" not in names(read_mail("Subject: x\n\n" + ("x" * 998 + "\n") * 3))


def test_what_an_extractor_opened_is_read_instead_of_being_unscannable() -> None:
    head = 'Content-Type: application/zip; name="a.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    content = head.encode() + base64.encodebytes(b"PK\x03\x04" + bytes(40)).replace(b"\n", b"\r\n")
    inner = Part("0.1", 1, "text/plain", (), 0, len(SECRET), nested=True, names=("b.txt",), content=SECRET.encode())
    view = read(Message("TESTREF0001", envelope(), content, RECEIVED), Limits(), {"0": (inner,)})
    assert not view.unscannable
    assert [(p.part, p.kind) for p in view.parts] == [("0", "zip"), ("0.1", "text")]
    text = next(t for t in view.texts if t.part == "0.1")
    assert text.spans[0].region == Region(RegionKind.ATTACHMENT, "a.zip!b.txt")


EXTENDED = "".join(f"%{ord(c):02X}" for c in "SSN 536-90-4399.txt")
WORD = "=?utf-8?b?" + base64.b64encode(b"SSN 536-90-4399").decode() + "?="


@pytest.mark.parametrize(
    "mail",
    [
        # Duplicate fields, each value of which some reader follows.
        "Content-Type: text/plain\nContent-Type: text/html\n\n<p>SSN 53<b></b>6-90-4399",
        "Content-Transfer-Encoding: 7bit, base64\n\n{b64}",
        "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: quoted-printable\n\nSSN =35=33=36-90-4399",
        "Content-Transfer-Encoding: x-uuencode\nContent-Transfer-Encoding: base64\n\n{b64}",
        # Boundaries.
        'Content-Type: multipart/mixed; boundary="a,b"\n\n--a\nContent-Transfer-Encoding: base64\n\n{b64}--a--\n',
        'Content-Type: multipart/mixed; boundary="a\n b"\n\n--a b\nContent-Transfer-Encoding: base64\n\n{b64}--a b--\n',
        "Content-Type: multipart/mixed; boundary==?us-ascii?q?a?=\n\n--a\nContent-Transfer-Encoding: base64\n\n{b64}--a--\n",
        "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\n\n--ab\nContent-Transfer-Encoding: base64\n\n{b64}--ab--\n",
        'Content-Type: multipart/mixed; boundary="a\n\n--a\nContent-Transfer-Encoding: base64\n\n{b64}--a--\n',
        "Content-Type: multipart/mixed; boundary=" + "a" * 300 + "\n\n--" + "a" * 300 + "\nContent-Transfer-Encoding: base64\n\n{b64}--" + "a" * 300 + "--\n",
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Transfer-Encoding: base64\n\n{b64}--a--\n",
        "Content-Type: multipart/mixed; boundary=a\n\nContent-Transfer-Encoding: base64\n\n{b64}\n--a\n\nx\n--a--\n",
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a--\nContent-Transfer-Encoding: base64\n\n{b64}",
        "Content-Type: multipart/mixed; boundary=a\n\n--a--\n--a\nContent-Transfer-Encoding: base64\n\n{b64}--a--\n",
        "Content-Type: multipart/mixed; boundary=a\n\n --a\nContent-Transfer-Encoding: base64\n\n{b64} --a--\n",
        # Encoded containers.
        "Content-Type: multipart/mixed; boundary=a\nContent-Transfer-Encoding: base64\n\n{whole}",
        # Where fields end and the body begins.
        "Content-Transfer-Encoding: base64\n \n{b64}",
        "Content-Transfer-Encoding: base64\n\t\n\n{b64}",
        "Content-Transfer-Encoding\n : base64\n\n{b64}",
        " Content-Transfer-Encoding: base64\n\n{b64}",
        "Content-Transfer-Encoding:\n base64\n\n{b64}",
        "Content-Transfer-Encoding: ba\n se64\n\n{b64}",
        # Comments and misspelt encodings.
        "Content-Transfer-Encoding: (b)ase64\n\n{b64}",
        "Content-Transfer-Encoding: base64 (x\n\n{b64}",
        "Content-Transfer-Encoding: base-64\n\n{b64}",
        "Content-Transfer-Encoding: BASE64;\n\n{b64}",
        # Names.
        "Content-Disposition: attachment; filename*=utf-8''" + EXTENDED + "\n\nx",
        "Content-Disposition: attachment; filename*=utf-7''" + EXTENDED + "\n\nx",
        "Content-Disposition: attachment; filename*0*=utf-8''SSN%20%3536; filename*1=-90-4399\n\nx",
        'Content-Disposition: attachment; filename="' + WORD + '"\n\nx',
        "Content-Type: text/plain; name*0=SSN 536-90; name*1=-4399\n\nx",
        # Fields.
        "Subject: =?utf-8?q?SSN_536-9?= =?utf-8?q?0-4399?=\n\nx",
        "Subject: " + WORD + "\n\nx",
        'Reply-To: "SSN 536-90-4399" <a@b.example>\n\nx',
        "Message-ID: <SSN.536-90-4399@x.example>\n\nx",
        "X-Thing: a\n b\n c SSN 536-90-\n\t4399\n\nx",
        # Kinds of text.
        "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nSUMMARY:SSN 536-9\n 0-4399\nEND:VCALENDAR",
        "Content-Type: application/octet-stream\n\nSSN 536-90-4399",
        "Content-Type: image/png\n\nSSN 536-90-4399",
        "Content-Type: message/external-body; access-type=x\n\nContent-Type: text/plain\n\nSSN 536-90-4399",
        "Content-Type: message/delivery-status\n\nX: SSN 536-90-4399",
        "Content-Type: text/rfc822-headers\n\nSubject: SSN 536-90-4399",
    ],
)  # fmt: skip
def test_no_reading_of_an_ambiguous_message_is_left_out(mail: str) -> None:
    whole = b64(f"--a\nContent-Transfer-Encoding: base64\n\n{b64(SECRET)}--a--\n".replace("\n", "\r\n"))
    view = read_mail(HEAD + mail.replace("{b64}", b64(SECRET)).replace("{whole}", whole))
    assert seen(view, "536-90-4399"), [(t.reading, t.text) for t in view.texts]


@pytest.mark.parametrize("kind", ["message/partial; id=a; number=1; total=2", "message/external-body; access-type=ftp"])
def test_what_is_elsewhere_is_unscannable(kind: str) -> None:
    view = read_mail(HEAD + f"Content-Type: {kind}\n\nContent-Type: text/plain\n\nx")
    assert [(u.kind, u.reason) for u in view.unscannable] == [(kind.partition(";")[0], Reason.UNKNOWN)]


@pytest.mark.parametrize("depth", [1, 8, 31, 32, 33, 100, 10_000])
def test_depth_is_read_or_told(depth: int) -> None:
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(depth))
    view = read_mail(HEAD + deep + "\n" + SECRET)
    assert seen(view, "536-90-4399")
    assert any(u.reason is Reason.LIMIT for u in view.unscannable) == (depth > 32)


@pytest.mark.parametrize("count", [999, 1000, 1001, 100_000])
def test_parts_are_read_or_told(count: int) -> None:
    body = "--b\n\nx\n" * (count - 1) + "--b\n\n" + SECRET + "\n--b--\n"
    view = read_mail(HEAD + "Content-Type: multipart/mixed; boundary=b\n\n" + body)
    assert seen(view, "536-90-4399")
    assert any(u.reason is Reason.LIMIT for u in view.unscannable) == (count > 999)
