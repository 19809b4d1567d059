"""Office packages: split runs, tables, what is hidden or deleted, sheets with formats, embedded files, damage, encryption."""

import datetime as dt
import struct
import zipfile
from io import BytesIO

import pytest

from smtp_gate.core.view import Reason
from smtp_gate.reading.kinds import kind_of
from smtp_gate.reading.openers.base import OpenLimits
from smtp_gate.reading.openers.numbers import masked, plain
from smtp_gate.reading.openers.office import is_office
from smtp_gate.reading.openers.sheets import shown
from smtp_gate.reading.openers.sheetvalues import Sheets
from smtp_gate.reading.openers.tables import Table, is_header, tabled
from smtp_gate.reading.openers.xmltext import XmlText
from tests.reading.openers import samples
from tests.reading.openers.opening import lost, opened, text

NUMBER = "536-90-4399"
W = f'xmlns:w="{samples.W}"'


def word(body: str, **more: str | bytes) -> str:
    """The text of a Word file with this body and these further members."""
    members = {
        **samples.docx_members(body=body),
        **{name.replace("__", "/"): content for name, content in more.items()},
    }
    return text(opened(samples.package(members)))


def run(said: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{said}</w:t></w:r>"


def lines(xml: str) -> list[str]:
    said: list[str] = []
    reading = XmlText(said.append)
    reading.read(xml.encode())
    assert reading.lost is None
    return said


@pytest.mark.parametrize("make", [samples.docx, samples.odt])
@pytest.mark.parametrize("split", [True, False])
def test_runs_are_joined_and_cells_stand_side_by_side(make: type, split: bool) -> None:
    content = make([f"Her number is {NUMBER} & more", "Second"], [["Name", "SSN"], ["Pat", NUMBER]], split_runs=split)
    found = opened(content)
    assert text(found) == f"Her number is {NUMBER} & more\nSecond\nName\tSSN\nPat\t{NUMBER}"
    assert lost(found) == set()


@pytest.mark.parametrize("split", [True, False])
def test_slides_and_their_notes_are_read(split: bool) -> None:
    found = opened(samples.pptx([["Budget", "One"], ["Two"]], notes=[f"SSN {NUMBER}"], split_runs=split))
    assert text(found).split("\n") == ["Budget", "One", "Two", f"SSN {NUMBER}"]


def test_every_part_of_a_word_file_is_read() -> None:
    said = word(
        "",
        **{
            f"word__{name}.xml": f"<?xml version='1.0'?><w:{root} {W}><w:p>{run(f'in {name}')}</w:p></w:{root}>"
            for name, root in (("header1", "hdr"), ("footer1", "ftr"), ("comments", "comments"), ("footnotes", "fn"))
        },
    )
    for name in ("header1", "footer1", "comments", "footnotes"):
        assert f"in {name}" in said


def test_properties_and_targets_of_links_are_read() -> None:
    members = samples.docx_members(["x"], title=f"Case {NUMBER}")
    members["word/_rels/document.xml.rels"] = (
        '<?xml version="1.0"?><Relationships><Relationship Id="r1" Target="https://x.example/" TargetMode="External"/>'
        '<Relationship Id="r2" Target="styles.xml"/></Relationships>'
    )
    said = text(opened(samples.package(members)))
    assert f"title: Case {NUMBER}" in said
    assert "https://x.example/" in said
    assert "styles.xml" not in said


def test_xml_of_its_own_is_told_with_the_names_of_its_elements() -> None:
    said = word("", **{"customXml__item1.xml": f"<?xml version='1.0'?><root><SSN>{NUMBER}</SSN></root>"})
    assert f"SSN: {NUMBER}" in said


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (f"<w:p>{run('536-90-')}<w:bookmarkStart w:name='x1'/>{run('4399')}</w:p>", NUMBER),
        (f"<w:p>{run('536')}<w:r><w:noBreakHyphen/></w:r>{run('90-')}<w:r><w:softHyphen/></w:r>{run('4399')}</w:p>", NUMBER),
        (f"<w:p>{run('536-90-4399', '<w:vanish/>')}</w:p>", NUMBER),
        (f"<w:p>{run('536-90-')}{run('junk', '<w:vanish/>')}{run('4399')}</w:p>", NUMBER),
        (f"<w:p>{run('536-')}{run('90-', '<w:vanish/>')}{run('4399')}</w:p>", NUMBER),
        (f"<w:p>{run('a')}<w:del><w:r><w:delText>536-90-</w:delText></w:r><w:r><w:delText>4399</w:delText></w:r></w:del></w:p>", NUMBER),
        (f"<w:p>{run('536-90-')}<w:del><w:r><w:delText>junk</w:delText></w:r></w:del>{run('4399')}</w:p>", NUMBER),
        (f"<w:p>{run('536-90-')}<w:r><w:instrText>PAGE</w:instrText></w:r>{run('4399')}</w:p>", NUMBER),
        (f"<w:p><w:r><w:instrText>HYPERLINK x</w:instrText></w:r><w:r><w:instrText>/{NUMBER}</w:instrText></w:r></w:p>", f"HYPERLINK x/{NUMBER}"),
        (f"<w:p>{run('536-90-')}<w:r><w:txbxContent><w:p>{run('box')}</w:p></w:txbxContent></w:r>{run('4399')}</w:p>", NUMBER),
        (f"<w:p>{run('x')}<w:r><w:drawing><wp:docPr xmlns:wp='wp' id='1' descr='SSN {NUMBER}'/></w:drawing></w:r></w:p>", f"SSN {NUMBER}"),
        (f"<w:p>{run('536-90-')}<w:r><wp:posOffset xmlns:wp='wp'>914400</wp:posOffset></w:r>{run('4399')}</w:p>", NUMBER),
        ("<w:p><w:r><w:sym w:font='Wingdings' w:char='F035'/></w:r>" + run("36-90-4399") + "</w:p>", NUMBER),
        (f"<w:p>{run('SSN')}<w:r><w:tab/></w:r>{run(NUMBER)}</w:p>", f"SSN\t{NUMBER}"),
        (f"<w:p>{run('536&#45;90-4399')}</w:p>", NUMBER),
    ],
)  # fmt: skip
def test_a_value_is_seen_however_it_is_written(body: str, wanted: str) -> None:
    assert wanted in word(body).split("\n")


def test_a_nested_table_stays_in_its_cell() -> None:
    inner = f"<w:tbl><w:tr><w:tc><w:p>{run('SSN')}</w:p></w:tc><w:tc><w:p>{run(NUMBER)}</w:p></w:tc></w:tr></w:tbl>"
    said = word(
        f"<w:tbl><w:tr><w:tc><w:p>{run('a')}</w:p>{inner}</w:tc><w:tc><w:p>{run('b')}</w:p></w:tc></w:tr></w:tbl>"
    )
    assert said == f"a\nSSN\t{NUMBER}\tb"


def test_white_space_and_notes_of_opendocument() -> None:
    body = lines(
        '<office:text xmlns:office="o" xmlns:text="t"><text:p>SSN<text:tab/>536-90-<text:note><text:note-citation>1'
        '</text:note-citation><text:note-body><text:p>foot</text:p></text:note-body></text:note>4399<text:s text:c="3"/>x'
        "</text:p></office:text>"
    )
    assert f"SSN\t{NUMBER}   x" in body
    assert "foot" in body


def test_a_value_of_opendocument_that_is_shown_shorter() -> None:
    cell = '<t:table-cell xmlns:t="t" xmlns:o="o" o:value="536904399"><t:p>5.4E+08</t:p></t:table-cell>'
    assert lines(f'<t:table xmlns:t="t"><t:table-row>{cell}</t:table-row></t:table>') == ["5.4E+08 536904399"]


def test_values_of_a_sheet_as_they_are_shown() -> None:
    rows: list[samples.Row] = [
        ["Name", "SSN", "Born", "Sum"],
        ["Pat", 36904399, 29222, 2.50],
        ["Sam", 5.36904399e8, 0.5, 3],
    ]
    found = opened(samples.xlsx(rows, formats={1: r"000\-00\-0000", 2: "yyyy\\-mm\\-dd"}))
    assert text(found) == "Sheet1\nName\tSSN\tBorn\tSum\nPat\t036-90-4399\t1980-01-02\t2.5\nSam\t536-90-4399\t0.5\t3"
    assert lost(found) == set()
    assert "Pat\t36904399\t29222\t2.5" in text(opened(samples.ods(rows)))


def test_hidden_sheets_inline_text_formulas_and_unused_strings_are_read() -> None:
    members = samples.xlsx_members([["a", "b"]], sheet="Salaries", state="veryHidden")
    sheet = str(members["xl/worksheets/sheet1.xml"])
    more = (
        '<row r="9"><c r="A9" t="inlineStr"><is><r><t>536-</t></r><r><t>90-4399</t></r></is></c>'
        '<c r="B9" t="str"><f>CONCATENATE("9","8")</f><v>98</v></c></row></sheetData>'
    )
    members["xl/worksheets/sheet1.xml"] = sheet.replace("</sheetData>", more)
    members["xl/sharedStrings.xml"] = str(members["xl/sharedStrings.xml"]).replace(
        "</sst>", "<si><t>gone</t></si></sst>"
    )
    members["xl/comments1.xml"] = (
        "<?xml version='1.0'?><comments><commentList><comment ref='A1'><text><r><t>12</t></r><r><t>34</t></r></text></comment>"
        "</commentList></comments>"
    )
    said = text(opened(samples.package(members)))
    assert "Salaries" in said
    assert f"{NUMBER}\t" in said
    assert 'CONCATENATE("9","8")' in said
    assert "gone" in said
    assert "1234" in said


def test_a_cell_far_below_stays_near_the_words_that_head_its_column() -> None:
    rows: list[samples.Row] = [["Name", "SSN"], *[(f"Person {n}", 536900000 + n) for n in range(500)]]
    said = text(opened(samples.xlsx(rows)))
    at = said.index("536900499")
    assert "SSN" in said[at - 200 : at]
    assert len(said) < 2 * sum(len(f"Person {n}\t5369000000\n") for n in range(500))


def test_a_wide_table_tells_each_value_with_its_label() -> None:
    said: list[str] = []
    table = Table(said.append)
    table.add([f"column {'x' * 20} {chr(65 + n)}" for n in range(10)])
    table.add(["", "17", *[""] * 7, "18"])
    assert said[1] == f"column {'x' * 20} B: 17\tcolumn {'x' * 20} J: 18"


def test_only_words_are_a_header() -> None:
    assert is_header(["Name", "", "Social Security Number", "Line 1"])
    assert not is_header(["Name"])
    assert not is_header(["Pat", NUMBER])
    said: list[str] = []
    tabled("Title\nName\tSSN\n" + "Pat\t1\n" * 50 + "end", said.append)
    assert said.count("Name\tSSN") > 1
    assert said[-1] == "end"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("5.36904399E8", "536904399"), ("4111111111111111", "4111111111111111"), ("4.111111111111111E15", "4111111111111111"),
     ("1.50", "1.5"), ("1E999999999", "1E999999999"), ("nan", "nan"), ("x" * 99, "x" * 99), ("-0.10", "-0.1")],
)  # fmt: skip
def test_numbers_are_told_in_full(value: str, shown: str) -> None:
    assert plain(value) == shown


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [("12345678", r"000\-00\-0000", "012-34-5678"), ("12345678", '000"-"00"-"0000', "012-34-5678"), ("123", "00000", "00123"),
     ("5", "0.00", "5"), ("1234567890", r"000\-00\-0000", "1234567890"), ("1.5", "000", "1.5"), ("7", "0" * 99, "7"),
     ("7", "General", "7"), ("7", "", "7")],
)  # fmt: skip
def test_numbers_are_filled_up_as_their_formats_say(number: str, code: str, shown: str) -> None:
    assert masked(number, code) == shown


def test_dates_count_from_1904_where_a_workbook_says_so() -> None:
    sheets = Sheets()
    sheets.add_workbook(b'<workbook><workbookPr date1904="1"/></workbook>')
    sheets.add_styles(b'<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>')
    assert sheets.text({"s": "0"}, "", "27760") == "1980-01-02"
    assert sheets.text({"s": "0"}, "", "9e99") == plain("9e99")


def test_what_is_no_xml_is_a_file_of_its_own() -> None:
    members = {
        **samples.docx_members(["x"]),
        "word/embeddings/list.xlsx": samples.xlsx([["SSN", NUMBER]]),
        "word/afchunk.htm": b"<html><body>chunk</body></html>",
        "word/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(20),
        "word/fonts/font1.odttf": bytes(range(256)),
        "xl/printerSettings/printerSettings1.bin": "Office printer".encode("utf-16-le") + bytes(range(200)),
        "word/odd.bin": bytes(range(256)) * 3,
    }
    found = opened(samples.package(members))
    assert f"SSN\t{NUMBER}" in text(found)
    assert "Office printer" in text(found)
    kinds = {m.name: m.kind for m in found if m.names}
    assert kinds["word/afchunk.htm"] == "html"
    assert kinds["word/odd.bin"] == "unknown"
    assert "word/fonts/font1.odttf" not in kinds
    assert lost(found) == set()


def test_what_is_damaged_is_read_as_far_as_it_goes_and_is_unscannable() -> None:
    members = samples.docx_members(["one"])
    whole = str(members["word/document.xml"])
    members["word/document.xml"] = whole.replace("<w:sectPr/>", f"<w:p>{run('two')}</w:q><w:t>SSN {NUMBER}</w:t>")
    found = opened(samples.package(members))
    assert "one" in text(found)
    assert f"SSN {NUMBER}" in text(found)
    assert lost(found) == {("xml", Reason.UNKNOWN)}


@pytest.mark.parametrize(
    "subset",
    ['<!ENTITY a "x">', '<!ENTITY % a "x">', '<!ENTITY a SYSTEM "file:///etc/hostname">',
     "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(12))],
)  # fmt: skip
def test_declared_entities_are_refused(subset: str) -> None:
    members = samples.docx_members()
    xml = f"<?xml version='1.0'?><!DOCTYPE w [{subset}]><w:document {W}><w:p>{run('seen')}&e11;</w:p></w:document>"
    members["word/document.xml"] = xml
    found = opened(samples.package(members))
    assert "seen" in text(found)
    assert lost(found) == {("xml", Reason.UNKNOWN)}


def test_depth_hides_nothing_and_costs_nothing() -> None:
    deep = "<w:x>" * 50_000 + f"<w:p>{run(NUMBER)}</w:p>" + "</w:x>" * 50_000
    assert NUMBER in word(deep)
    cells = "<w:tc>" * 20_000 + f"<w:p>{run(NUMBER * 100)}</w:p>" + "</w:tc>" * 20_000
    assert NUMBER in word(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>")


def test_a_string_that_many_cells_show_is_bounded() -> None:
    rows: list[samples.Row] = [["x" * 30_000] * 20 for _ in range(200)]
    found = opened(samples.xlsx(rows), limits=OpenLimits(octets=1_000_000))
    assert lost(found) == {("office", Reason.LIMIT)}
    assert sum(len(m.content) for m in found) <= 1_000_000


def test_a_bomb_is_over_the_limit() -> None:
    members = samples.docx_members(["x"]) | {"word/media/a.xml": b"<?xml version='1.0'?><a>" + bytes(30_000_000)}
    content = samples.package(members)
    (bomb,) = [m for m in opened(content) if m.lost]
    assert (bomb.name, bomb.lost) == ("word/media/a.xml", Reason.LIMIT)


def test_utf16_is_read() -> None:
    members = samples.docx_members()
    xml = f'<?xml version="1.0" encoding="UTF-16"?><w:document {W}><w:p>{run("Größe")}</w:p></w:document>'
    members["word/document.xml"] = xml.encode("utf-16")
    assert "Größe" in text(opened(samples.package(members)))
    members["word/document.xml"] = (xml[:-20] + NUMBER).encode("utf-16")
    found = opened(samples.package(members))
    assert NUMBER in text(found)
    assert lost(found) == {("xml", Reason.UNKNOWN)}


def test_encrypted_opendocument_is_told_apart() -> None:
    assert ("odf", Reason.ENCRYPTED) in lost(opened(samples.encrypted_odt()))


def test_an_office_document_in_one_file() -> None:
    document = str(samples.docx_members([f"SSN {NUMBER}"])["word/document.xml"]).partition("?>")[2]
    flat = (
        '<?xml version="1.0"?><?mso-application progid="Word.Document"?><pkg:package '
        'xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/word/document.xml"><pkg:xmlData>'
        f'{document}</pkg:xmlData></pkg:part><pkg:part pkg:name="/a.bin"><pkg:binaryData>UEsFBgAAAAAAAAAAAAAA\n'
        "AAAAAAAAAAAA</pkg:binaryData></pkg:part></pkg:package>"
    ).encode()
    assert kind_of(flat) == "officexml"
    found = opened(flat)
    assert f"SSN {NUMBER}" in text(found)
    old = (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><ss:Workbook xmlns:ss="s"><ss:Table><ss:Row><ss:Cell>'
        f'<ss:Data ss:Type="String">SSN</ss:Data></ss:Cell><ss:Cell><ss:Data>{NUMBER}</ss:Data></ss:Cell></ss:Row></ss:Table>'
        "</ss:Workbook>"
    ).encode()
    assert text(opened(old)) == f"SSN\t{NUMBER}"
    assert text(opened(old[:-9])).startswith(f"SSN\t{NUMBER}")


def test_packages_are_known_by_their_members() -> None:
    assert is_office(["[Content_Types].xml", "a"])
    assert is_office(["mimetype", "content.xml"])
    assert not is_office(["content.xml", "letter.docx"])


def test_a_member_with_a_password_is_encrypted() -> None:
    content = bytearray(samples.docx(["x"]))
    with zipfile.ZipFile(BytesIO(bytes(content))) as file:
        places = [info.header_offset for info in file.infolist()]
    for at in places:
        content[at + 6] |= 1
    at = -1
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        content[at + 8] |= 1
    found = opened(bytes(content))
    assert {reason for _, reason in lost(found)} == {Reason.ENCRYPTED}


@pytest.mark.parametrize("sheet", [b"", b"\x93", b"\x81\x01\x7f", b"\x81\x01\xff\xff\xff\x7f"])
def test_a_binary_sheet_cut_short_is_no_crash(sheet: bytes) -> None:
    name, target = b"S\0", "rId1".encode("utf-16-le")
    bundle = bytes(8) + struct.pack("<I", 4) + target + struct.pack("<I", 1) + name
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": "<?xml version='1.0'?><Types/>",
        "xl/workbook.bin": b"\x83\x01\0\x8f\x01\0\x9c\x01" + bytes([len(bundle)]) + bundle + b"\x90\x01\0\x84\x01\0",
        "xl/_rels/workbook.bin.rels": "<?xml version='1.0'?><Relationships><Relationship Id='rId1' Target='worksheets/sheet1.bin'/></Relationships>",
        "xl/worksheets/sheet1.bin": sheet,
    }
    assert lost(opened(samples.package(members))) == {("xlsb", Reason.UNKNOWN)}


def test_a_binary_workbook_that_cannot_be_read_is_strings_and_unscannable() -> None:
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": "<?xml version='1.0'?><Types/>",
        "xl/workbook.bin": b"\x83\x01\x00",
    }
    found = opened(samples.package({**members, "xl/comments1.bin": f"SSN {NUMBER}".encode("utf-16-le")}))
    assert f"SSN {NUMBER}" in text(found)
    assert lost(found) == {("xlsb", Reason.UNKNOWN)}
    assert (shown(True), shown(3.0), shown("x"), shown(dt.datetime(1980, 1, 2))) == ("TRUE", "3", "x", "1980-01-02")
