"""PDF: text, glyphs drawn one by one, forms, notes, links, files, passwords, scans, fonts that tell nothing, damage."""

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits
from smtp_gate.reading.openers.pdftext import is_readable, tightened, untangled
from tests.reading.openers import samples
from tests.reading.openers.opening import files, lost, opened, refused, text

NUMBER = "536-90-4399"
IMAGE = samples.pdf_stream(
    b"\x00" * 16, b"/Type/XObject/Subtype/Image/Width 4/Height 4/BitsPerComponent 8/ColorSpace/DeviceGray"
)


def drawing(content: bytes, *, resources: bytes, more: list[bytes]) -> bytes:
    """A PDF of one page with this content."""
    return samples.pdf_file(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<<%b>>/Contents 4 0 R>>" % resources,
            samples.pdf_stream(content),
            *more,
        ]
    )


def test_every_page_is_read() -> None:
    found = opened(samples.pdf([f"line {n}" for n in range(120)] + [f"SSN: {NUMBER}"], title="Roster"))
    said = text(found)
    assert f"SSN: {NUMBER}" in said
    assert "line 0" in said
    assert "Title: Roster" in said
    assert lost(found) == set()


def test_characters_drawn_one_by_one_are_a_number() -> None:
    assert NUMBER in text(opened(samples.pdf(["Number", NUMBER, "end"], glyphs=True)))


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ("5 3 6 - 9 0 - 4 3 9 9", NUMBER),
        ("id\n5\n3\n6\n-\n9\n0\n-\n4\n3\n9\n9\nend", f"id\n{NUMBER}"),
        ("SSN 536-90-\n4399 x", f"SSN {NUMBER} x"),
        ("a b c", ""),
        ("one two three four five six seven", ""),
    ],
)
def test_gaps_between_single_characters_are_closed(drawn: str, said: str) -> None:
    assert tightened(drawn) == said


def test_hyphens_at_line_ends_are_hyphens() -> None:
    assert untangled("536-90\x02\r\n4399") == "536-90-\n4399"


def test_what_stands_in_a_form_alone_is_read_beside_its_label() -> None:
    said = text(opened(samples.pdf_with_field(["Form"], "SSN", NUMBER)))
    assert f"SSN {NUMBER}" in said


def test_notes_and_targets_of_links_are_read() -> None:
    assert f"SSN {NUMBER}" in text(opened(samples.pdf_with_note(["x"], f"SSN {NUMBER}")))
    link = [b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://x.example/a)>>>>"]
    assert "https://x.example/a" in text(opened(samples.pdf(["x"], page=b"/Annots[5 0 R]", more=link)))


def test_embedded_files_are_files_of_their_own() -> None:
    inner = samples.pdf_with_attachment(["inner"], "b.csv", b"Name,SSN\nPat,536-90-4399\n")
    found = opened(samples.pdf_with_attachment(["outer"], "a.pdf", inner), "x.pdf")
    assert text(found).split() == ["Producer:", "samples", "outer", "Producer:", "samples", "inner"]
    assert [(m.name, m.kind) for m in found if m.kind == "text" and not m.charset] == [("a.pdf!b.csv", "text")]


def test_a_file_attached_to_the_page_is_read() -> None:
    more = [
        b"<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 6 0 R>>",
        b"<</Type/Filespec/F(a.txt)/UF(a.txt)/EF<</F 7 0 R>>>>",
        samples.pdf_stream(b"SSN 536-90-4399", b"/Type/EmbeddedFile"),
    ]
    assert files(opened(samples.pdf(["x"], page=b"/Annots[5 0 R]", more=more))) == {"a.txt": b"SSN 536-90-4399"}


def test_the_streams_of_an_xfa_form_are_read() -> None:
    xml = f"<xdp><datasets><data><SSN>{NUMBER}</SSN></data></datasets></xdp>".encode()
    content = samples.pdf(["x"], catalog=b"/AcroForm<</Fields[]/XFA 5 0 R>>", more=[samples.pdf_stream(xml)])
    assert f"SSN: {NUMBER}" in text(opened(content))


def test_metadata_in_xml_and_bookmarks_are_read() -> None:
    xmp = f'<x:xmpmeta xmlns:x="x"><dc:title xmlns:dc="d">{NUMBER}</dc:title></x:xmpmeta>'.encode()
    more = [
        samples.pdf_stream(xmp, b"/Type/Metadata/Subtype/XML", packed=False),
        b"<</Type/Outlines/First 7 0 R/Last 7 0 R/Count 1>>",
        b"<</Title(Chapter 536-90-4400)/Parent 6 0 R>>",
    ]
    said = text(opened(samples.pdf(["x"], catalog=b"/Metadata 5 0 R/Outlines 6 0 R", more=more)))
    assert NUMBER in said
    assert "Chapter 536-90-4400" in said


def test_what_lies_beyond_the_edges_of_the_page_is_read() -> None:
    content = drawing(
        b"BT /F1 11 Tf 1 0 0 1 -900 3000 Tm (SSN 536-90-4399) Tj ET",
        resources=b"/Font<</F1 5 0 R>>",
        more=[b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"],
    )
    assert NUMBER in text(opened(content))


@pytest.mark.parametrize(("size", "scanned"), [(b"600 0 0 800", True), (b"60 0 0 80", False)])
def test_a_page_that_is_a_picture_is_unscannable(size: bytes, scanned: bool) -> None:
    content = drawing(b"q %b 0 0 cm /I Do Q" % size, resources=b"/XObject<</I 5 0 R>>", more=[IMAGE])
    assert lost(opened(content)) == ({("scan", Reason.UNKNOWN)} if scanned else set())


def test_a_font_that_does_not_tell_its_characters_is_unscannable() -> None:
    glyph = samples.pdf_stream(b"500 0 0 0 500 500 d1 0 0 400 400 re f", packed=False)
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 500 500]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 1/LastChar 2/Widths[500 500]"
        b"/CharProcs<</g1 6 0 R/g2 6 0 R>>/Encoding<</Differences[1/g1/g2]>>>>"
    )
    content = drawing(
        b"BT /F1 11 Tf 50 50 Td <" + b"0102" * 20 + b"> Tj ET", resources=b"/Font<</F1 5 0 R>>", more=[font, glyph]
    )
    assert lost(opened(content)) == {("font", Reason.UNKNOWN)}
    assert is_readable("Straße 5, 10115 Berlin")
    assert not is_readable("\x01\x02\x03\ue000\ue001" * 5)


def test_a_document_that_shows_nothing_at_all_is_unscannable() -> None:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>"
    unknown = b"<</Length 9/Filter/OwnDecode>>stream\nSSN: 5363\nendstream"
    content = samples.pdf_file(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>", page, unknown]
    )
    assert lost(opened(content)) == {("pdf", Reason.UNKNOWN)}
    assert lost(opened(samples.pdf(["words", *[""] * 60]))) == set()


PROTECTION = (
    b"/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O<%b>/U<%b>>>/ID[<00><00>]" % (b"11" * 32, b"22" * 32)
)  # fmt: skip


def test_a_password_makes_it_encrypted_and_damage_unknown() -> None:
    content = samples.pdf(["x"]).replace(b"/Info 4 0 R", b"/Info 4 0 R" + PROTECTION)
    assert refused(content) is Reason.ENCRYPTED
    assert refused(b"%PDF-1.7\nnothing that is an object\n%%EOF") is Reason.UNKNOWN


def test_octets_in_front_of_it_do_not_hide_it() -> None:
    content = samples.pdf([NUMBER])
    assert kind_of(b"\r\n  " + content) == "pdf"
    assert kind_of(b"junk\n" + content) == "pdf"
    assert NUMBER in text(opened(b"junk\n" + content))
    assert kind_of(b"They said %PDF-1.4 is a head, and more.\r\n") == "text"


def test_a_broken_table_of_references_is_repaired() -> None:
    content = samples.pdf([NUMBER])
    assert NUMBER in text(opened(content.replace(b"startxref\n", b"startxref\n9")))
    assert refused(content[: content.index(b"xref")]) is Reason.UNKNOWN


def test_text_is_bounded() -> None:
    found = opened(samples.pdf(["x" * 100] * 500), limits=OpenLimits(octets=5000))
    assert ("pdf", Reason.LIMIT) in lost(found)
    assert sum(len(m.content) for m in found) <= 5000


def test_the_label_of_boxes_stands_before_the_number_in_them() -> None:
    assert tightened("Social security number\n5\n3\n6\n9\n0\n4\n3\n9\n9\n").endswith(
        "Social security number\n536904399"
    )
