"""Encryption told apart: what is encrypted, how far, what only claims to be, and what stands in clear inside."""

import time
import zlib

import pytest

from smtp_gate.core.view import Extent, Part, Reason, RegionKind
from smtp_gate.reading.kinds import RIGHTS_HEAD
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from smtp_gate.reading.sealed import FAKE
from tests.reading import sealed_samples as made
from tests.reading.reading_help import names, read_octets, regions, seen
from tests.reading.sealed_samples import FROM, INNER, SECRET, SMIME, VERSION, leaf, multipart

NUMBER = "536-90-4399"
BLANK = leaf("text/plain", b"\r\n", encoding="7bit")
NOTE = leaf("text/plain", b"See the file.\r\n", encoding="7bit")
SIGNED_BY = 'signed; protocol="application/pkcs7-signature"'
ENCRYPTED_BY = 'encrypted; protocol="application/pgp-encrypted"'
OCTETS = "application/octet-stream; name=encrypted.asc"


def inline(octets: bytes) -> bytes:
    return FROM + leaf("text/plain; charset=utf-8", octets, encoding="8bit")


def rights_managed(octets: bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + made.cipher(900)) -> bytes:
    packed = zlib.compress(octets)
    sizes = (0xFA0, len(octets), len(packed))
    return RIGHTS_HEAD + b"".join(n.to_bytes(4, "little") for n in sizes) + packed


WHOLE = {
    "smime": (FROM + leaf(SMIME, made.really_enveloped(INNER)), "smime-enveloped"),
    "smime under another label": (FROM + leaf("application/octet-stream", made.really_enveloped(INNER)), "smime-enveloped"),
    "smime in chunks": (FROM + leaf(SMIME, made.enveloped_in_chunks(made.cipher(999))), "smime-enveloped"),
    "authenticated smime": (FROM + leaf(SMIME, made.enveloped(made.cipher(99), made.AUTH_ENVELOPED)), "smime-enveloped"),
    "smime, then signed": (FROM + leaf(SMIME, made.really_signed(leaf(SMIME, made.really_enveloped(INNER)))), "smime-enveloped"),
    "pgp/mime": (multipart(ENCRYPTED_BY, VERSION, leaf(OCTETS, made.armor(made.pgp()), encoding="7bit")), "pgp-mime"),
    "pgp/mime, not armored": (multipart(ENCRYPTED_BY, VERSION, leaf(OCTETS, made.pgp())), "pgp-mime"),
    "pgp/mime with a preamble": (
        multipart(ENCRYPTED_BY, VERSION, leaf(OCTETS, made.armor(made.pgp()), encoding="7bit"), preamble=b"An OpenPGP mail\r\n"),
        "pgp-mime",
    ),
    "pgp/mime turned into attachments": (
        multipart("mixed", BLANK, VERSION, leaf(OCTETS, made.armor(made.pgp()), encoding="7bit")), "pgp-file",
    ),
    "inline pgp": (inline(b"\r\n" + made.armor(made.pgp(), fields="Version: GnuPG v2.0.22 (GNU/Linux)\r\n")), "pgp-inline"),
    "inline pgp, no sum": (inline(made.armor(made.pgp(), check=False)), "pgp-inline"),
    "inline pgp by password": (inline(made.armor(made.pgp(None, made.SKESK))), "pgp-inline"),
    "inline pgp in pieces": (inline(made.armor(made.PKESK + made.partial(18, b"\1" + made.cipher(3000)))), "pgp-inline"),
    "inline pgp in html": (
        FROM + leaf("text/html", b"<pre>" + made.armor(made.pgp()) + b"</pre>", encoding="7bit"), "pgp-inline",
    ),
    "a gpg file alone": (multipart("mixed", BLANK, leaf('application/pgp; name="pay.xlsx.gpg"', made.pgp())), "pgp-file"),
    "rights managed": (multipart("mixed", leaf("application/x-microsoft-rpmsg-message", rights_managed())), "rpmsg"),
}  # fmt: skip


@pytest.mark.parametrize("case", WHOLE)
def test_what_is_encrypted_as_a_whole(case: str) -> None:
    content, by = WHOLE[case]
    view = read_octets(content)
    assert view.protection.encrypted is Extent.WHOLE
    assert by in view.protection.by
    assert {u.reason for u in view.unscannable} == {Reason.ENCRYPTED}
    assert FAKE not in names(view)


PARTLY = {
    "text above inline pgp": inline(b"Lee,\r\n" + made.armor(made.pgp())),
    "text below inline pgp": inline(made.armor(made.pgp()) + b"Dana\r\n"),
    "text between": inline(made.armor(made.pgp()) + b"x\r\n" + made.armor(made.pgp())),
    "text in a field": inline(made.armor(made.pgp(), fields="Comment: her SSN is 536-90-4399\r\n")),
    "a field of its own": inline(made.armor(made.pgp(), fields="Note: see below\r\n")),
    "a note beside a file": multipart("mixed", NOTE, leaf('application/pgp; name="a.gpg"', made.pgp())),
    "a note beside smime": multipart("mixed", NOTE, leaf(SMIME, made.really_enveloped(INNER))),
    "a picture beside it": multipart(
        "mixed", leaf("image/gif", b"GIF89a\1\0\1\0\0\0\0;"), leaf(SMIME, made.really_enveloped(INNER))
    ),
    "an unknown file beside it": multipart(
        "mixed", leaf("application/x-thing", bytes(99)), leaf(SMIME, made.really_enveloped(INNER))
    ),
    "a second text part": multipart(ENCRYPTED_BY, VERSION, leaf(OCTETS, made.pgp()), NOTE),
    "text in the version part": multipart(
        ENCRYPTED_BY,
        leaf("application/pgp-encrypted", b"Version: 1\r\nher SSN\r\n", encoding="7bit"),
        leaf(OCTETS, made.pgp()),
    ),
    "a reply around it": inline(b"> " + made.armor(made.pgp()).replace(b"\r\n", b"\r\n> ") + b"\r\n\r\nthanks\r\n"),
}


@pytest.mark.parametrize("case", PARTLY)
def test_what_is_encrypted_in_part(case: str) -> None:
    view = read_octets(PARTLY[case])
    assert view.protection.encrypted is Extent.PARTLY
    assert Reason.ENCRYPTED in {u.reason for u in view.unscannable}


READ = {
    "opaque-signed": (FROM + leaf(SMIME, made.really_signed(INNER)), "smime-opaque-signed"),
    "opaque-signed in chunks": (FROM + leaf(SMIME, made.signed(INNER, chunked=True)), "smime-opaque-signed"),
    "opaque-signed, said to be enveloped": (
        FROM + leaf(SMIME + "; smime-type=enveloped-data", made.really_signed(INNER)), "smime-opaque-signed",
    ),
    "signed twice": (FROM + leaf(SMIME, made.signed(leaf(SMIME, made.signed(INNER)))), "smime-opaque-signed"),
    "signed beside": (
        multipart(SIGNED_BY, INNER, leaf("application/pkcs7-signature; name=smime.p7s", made.really_signed(INNER, detached=True))),
        "smime-signed",
    ),
    "clear-signed": (
        inline(f"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n{SECRET}\r\n".encode()
               + made.armor(made.SIGNATURE, "SIGNATURE")),
        "pgp-clear-signed",
    ),
    "pgp/mime signed": (
        multipart('signed; protocol="application/pgp-signature"', INNER,
                  leaf("application/pgp-signature; name=signature.asc", made.armor(made.SIGNATURE, "SIGNATURE"), encoding="7bit")),
        "pgp-signature",
    ),
    "signed pgp file": (
        multipart("mixed", BLANK, leaf("application/pgp; name=a.txt.gpg", made.pgp_signed(SECRET.encode()))), "pgp-signed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_what_is_only_signed_is_read(case: str) -> None:
    content, by = READ[case]
    view = read_octets(content)
    assert view.protection.encrypted is Extent.NONE
    assert view.protection.signed
    assert by in view.protection.by
    assert seen(view, NUMBER)
    assert not view.unscannable


OPEN = {
    "compressed smime": FROM + leaf(SMIME, made.compressed(INNER)),
    "plain data": FROM + leaf(SMIME, made.cms(made.DATA, made.tlv(4, INNER))),
    "literal": inline(made.armor(made.literal(SECRET.encode()))),
    "zip": inline(made.armor(made.packet(8, b"\1" + zlib.compress(made.literal(SECRET.encode()))[2:-4]))),
    "zlib": inline(made.armor(made.packet(8, b"\2" + zlib.compress(made.literal(SECRET.encode()))))),
    "literal of mail": multipart(
        ENCRYPTED_BY, VERSION, leaf(OCTETS, made.literal(leaf("text/plain", SECRET.encode())))
    ),
    "armor in base64": inline(made.b64(made.armor(made.literal(SECRET.encode())))),
    "clear text in multipart/encrypted": multipart(
        ENCRYPTED_BY, VERSION, leaf(OCTETS, SECRET.encode(), encoding="7bit")
    ),
    "text in a p7m": FROM + leaf(SMIME, INNER),
    "text as packets": inline(made.armor(SECRET.encode() * 3)),
    "text as ciphertext": inline(made.armor(made.pgp(SECRET.encode() * 9))),
    "text as an envelope": FROM + leaf(SMIME, made.enveloped(INNER * 20)),
}


@pytest.mark.parametrize("case", OPEN)
def test_what_only_claims_to_be_encrypted_is_read(case: str) -> None:
    view = read_octets(OPEN[case])
    assert view.protection.encrypted is Extent.NONE
    assert seen(view, NUMBER)
    assert Reason.ENCRYPTED not in {u.reason for u in view.unscannable}


FAKES = {
    "clear text in multipart/encrypted": OPEN["clear text in multipart/encrypted"],
    "literal of mail": OPEN["literal of mail"],
    "text in a p7m": OPEN["text in a p7m"],
    "text as packets": OPEN["text as packets"],
    "text as ciphertext": OPEN["text as ciphertext"],
    "text as an envelope": OPEN["text as an envelope"],
    "signed, said to be enveloped": READ["opaque-signed, said to be enveloped"][0],
    "a wrong sum": inline(made.armor(made.pgp()).replace(b"\r\n=", b"\r\n=A")),
    "cut off": inline(made.armor(made.pgp())[:300]),
    "garbage": inline(made.armor(made.cipher(300, 11))),
    "no session key": inline(made.armor(made.packet(18, b"\1" + made.cipher(300)))),
    "something behind the packets": inline(made.armor(made.pgp() + b"\x01more")),
    "rights in name only": multipart("mixed", leaf("application/x-microsoft-rpmsg-message", b"hello")),
    "no OLE in it": multipart("mixed", leaf("application/x-microsoft-rpmsg-message", rights_managed(SECRET.encode()))),
}


@pytest.mark.parametrize("case", FAKES)
def test_pretence_is_a_defect(case: str) -> None:
    view = read_octets(FAKES[case])
    assert FAKE in names(view)
    assert view.protection.encrypted is Extent.NONE


@pytest.mark.parametrize(
    "content",
    [
        inline(made.armor(made.PUBLIC_KEY, "PUBLIC KEY BLOCK")),
        multipart("mixed", NOTE, leaf("application/pgp-keys; name=key.asc", made.PUBLIC_KEY)),
        FROM + leaf(SMIME, made.signed(None, signers=False)),
        inline(b"A message begins with -----BEGIN PGP MESSAGE----- on a line of its own.\r\n"),
        inline(b"-----BEGIN PGP MESSAGE-----\r\n\r\n(the rest was cut by the list)\r\n"),
    ],
    ids=["a key", "a key file", "certificates", "talk of armor", "a list's cut"],
)
def test_what_is_neither_encrypted_nor_signed(content: bytes) -> None:
    view = read_octets(content)
    assert (view.protection.encrypted, view.protection.signed) == (Extent.NONE, False)
    assert not view.unscannable
    assert FAKE not in names(view)


def test_the_name_on_a_key_is_read() -> None:
    assert seen(read_octets(inline(made.armor(made.PUBLIC_KEY, "PUBLIC KEY BLOCK"))), "Lee Park <lee@example.org>")


def test_mail_inside_a_signature_is_mail_with_all_its_parts() -> None:
    inner = multipart("mixed", NOTE, leaf("application/zip; name=a.zip", b"PK\3\4" + bytes(30)))
    view = read_octets(FROM + leaf(SMIME, made.signed(inner)))
    assert [(p.part, p.kind) for p in view.parts if not p.container] == [
        ("0", "wrapping"),
        ("0!1.1", "text"),
        ("0!1.2", "zip"),
    ]
    assert "See the file." in regions(view, RegionKind.OWN)
    member = Part("0!1.2!1", 3, "", (), 0, 5, nested=True, names=("a.txt",), content=NUMBER.encode())
    message = view.message
    assert seen(read(message, Limits(), {"0!1.2": (member,)}), NUMBER)


def test_a_signed_file_keeps_its_way_in_the_region() -> None:
    signed = made.signed(SECRET.encode())
    view = read_octets(multipart("mixed", NOTE, leaf("application/pkcs7-mime; name=a.txt.p7m", signed)))
    (text,) = [t for t in view.texts if NUMBER in t.text and t.reading == "plain"]
    assert str(text.spans[0].region) == "attachment a.txt.p7m"


def test_signed_content_gives_the_other_parser_no_reason_to_disagree() -> None:
    for content in (READ["opaque-signed"][0], READ["signed pgp file"][0]):
        assert "parser_disagreement" not in names(read_octets(content))


def test_dash_escapes_are_undone() -> None:
    body = b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\na\r\n- -----BEGIN X\r\n" + made.armor(
        made.SIGNATURE, "SIGNATURE"
    )
    assert any(t.reading == "unescaped" and "\n-----BEGIN X" in t.text for t in read_octets(inline(body)).texts)


def test_a_locked_document_counts_as_encrypted() -> None:
    blank = multipart("mixed", BLANK, leaf("application/zip; name=a.zip", b"PK\3\4" + bytes(30)))
    message = read_octets(blank).message
    assert read(message, Limits(), {"2": Reason.ENCRYPTED}).protection.encrypted is Extent.WHOLE
    assert read(message, Limits(), {"2": Reason.UNKNOWN}).protection.encrypted is Extent.NONE
    locked = Part("2!1", 2, "", (), 0, 0, nested=True, names=("a.pdf",), kind="pdf", lost=Reason.ENCRYPTED)
    clear = Part("2!2", 2, "", (), 0, 4, nested=True, names=("b.txt",), content=b"text")
    assert read(message, Limits(), {"2": (locked,)}).protection.by == ("pdf",)
    assert read(message, Limits(), {"2": (locked, clear)}).protection.encrypted is Extent.PARTLY


@pytest.mark.parametrize("number", range(40))
def test_a_boundary_that_reads_as_quoted_printable_says_nothing(number: int) -> None:
    boundary = f"==============={2063725046353619092 + number * 7919}=="
    whole = multipart("mixed", BLANK, leaf("application/zip; name=a.zip", b"PK\3\4" + bytes(30)))
    head = (
        whole.partition(b'boundary="')[2].partition(b'"')[0] or whole.partition(b"boundary=")[2].partition(b"\r\n")[0]
    )
    message = read_octets(
        whole.replace(b"boundary=" + head, b'boundary="' + head + b'"').replace(head, boundary.encode())
    ).message
    assert read(message, Limits(), {"2": Reason.ENCRYPTED}).protection.encrypted is Extent.WHOLE


def test_octets_behind_a_structure_are_not_encrypted() -> None:
    view = read_octets(FROM + leaf(SMIME, made.really_enveloped(INNER) + SECRET.encode()))
    assert view.protection.encrypted is Extent.PARTLY
    assert {u.reason for u in view.unscannable} == {Reason.ENCRYPTED, Reason.UNKNOWN}


def test_an_ambiguous_message_is_never_whole() -> None:
    twice = b"Content-Transfer-Encoding: 7bit\r\n"
    assert read_octets(FROM + twice + WHOLE["smime"][0][len(FROM) :]).protection.encrypted is not Extent.WHOLE


def bomb(depth: int = 3) -> bytes:
    content = bytes(1 << 24)
    for _ in range(depth):
        content = made.packet(8, b"\2" + zlib.compress(content, 9))
    return content


@pytest.mark.parametrize(
    "content",
    [
        FROM + leaf(SMIME, made.compressed(bytes(64 << 20))),
        multipart("mixed", *(leaf("application/pgp; name=a.gpg", bomb(2)) for _ in range(50))),
        inline(b"-----BEGIN PGP MESSAGE-----\r\n" * 50_000),
        inline(b"-----BEGIN PGP MESSAGE-----\r\n\r\n" * 3_000 + b"-----END PGP MESSAGE-----\r\n" * 30_000),
        FROM + leaf(SMIME, made.endless(0x30, made.oid(made.SIGNED), made.endless(0xA0, made.tlv(4) * 900_000)), encoding="binary"),
        FROM + leaf(SMIME, made.tlv(0x30, made.oid(made.SIGNED), b"\xa0\x80" * 500_000), encoding="binary"),
        FROM + leaf("application/pgp", b"\xcb" + b"\xe0x" * 900_000, encoding="binary"),
        FROM + leaf("application/pgp", made.packet(2, b"\4") * 600_000, encoding="binary"),
    ],
    ids=["zlib bomb", "pgp bombs", "begins", "begins and ends", "empty strings", "open tags", "partial", "packets"],
)  # fmt: skip
def test_hostile_wrappings_cost_little(content: bytes) -> None:
    started = time.process_time()
    read_octets(content)
    assert time.process_time() - started < 4


def test_signatures_within_signatures_end_at_the_depth() -> None:
    content = INNER
    for _ in range(60):
        content = leaf(SMIME, made.signed(content), encoding="binary")
    assert "mime_limit" in names(read_octets(FROM + content, Limits(depth=32)))
