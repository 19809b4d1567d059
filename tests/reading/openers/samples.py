"""Documents built octet by octet with the standard library: small, valid files of each format with given text.

Each builder takes what is to be seen and returns the file's octets; nothing here is random or depends on the clock.
"""

import base64
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

Row = Sequence[str | int | float]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def package(members: Mapping[str, str | bytes], *, stored: Sequence[str] = ()) -> bytes:
    """A zip file of these members, those in `stored` not compressed."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6))
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            file.writestr(info, content)
    return out.getvalue()


def _pieces(text: str, *, split: bool) -> list[str]:
    """The text as one run, or as runs of three characters."""
    return [text[at : at + 3] for at in range(0, len(text), 3)] or [""] if split else [text]


def _w_runs(text: str, *, split: bool) -> str:
    return "".join(
        f'<w:r><w:t xml:space="preserve">{escape(piece)}</w:t></w:r>' for piece in _pieces(text, split=split)
    )


def _w_paragraphs(paragraphs: Iterable[str], *, split: bool) -> str:
    return "".join(f"<w:p>{_w_runs(text, split=split)}</w:p>" for text in paragraphs)


def _w_table(rows: Iterable[Row], *, split: bool) -> str:
    body = "".join(
        "<w:tr>" + "".join(f"<w:tc>{_w_paragraphs([str(cell)], split=split)}</w:tc>" for cell in row) + "</w:tr>"
        for row in rows
    )
    return f"<w:tbl>{body}</w:tbl>" if body else ""


def docx_members(
    paragraphs: Iterable[str] = (), rows: Iterable[Row] = (), *, split_runs: bool = True, body: str = "",
    title: str = "",
) -> dict[str, str | bytes]:  # fmt: skip
    """The members of a Word file: paragraphs, then a table; `body` is further XML of the body."""
    document = (
        f'{_HEAD}<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{_w_paragraphs(paragraphs, split=split_runs)}'
        f"{_w_table(rows, split=split_runs)}{body}<w:sectPr/></w:body></w:document>"
    )
    return {
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
            'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'{_HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{R}/officeDocument" Target="word/document.xml"/></Relationships>'
        ),
        "docProps/core.xml": (
            f'{_HEAD}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>'
        ),
        "word/document.xml": document,
    }


def docx(paragraphs: Iterable[str] = (), rows: Iterable[Row] = (), *, split_runs: bool = True) -> bytes:
    """A Word file with these paragraphs and then a table of these rows; `split_runs` cuts every text into short runs."""
    return package(docx_members(paragraphs, rows, split_runs=split_runs))


def _column(number: int) -> str:
    name = ""
    while number >= 0:
        name = chr(65 + number % 26) + name
        number = number // 26 - 1
    return name


def xlsx_members(
    rows: Iterable[Row], *, sheet: str = "Sheet1", formats: Mapping[int, str] | None = None, state: str = "visible"
) -> dict[str, str | bytes]:
    """The members of a workbook with one sheet. `formats` gives columns a number format (`yyyy-mm-dd`, `000-00-0000`)."""
    chosen = dict(formats or {})
    strings: dict[str, int] = {}
    lines = []
    for number, row in enumerate(rows, 1):
        cells = []
        for place, value in enumerate(row):
            ref = f'r="{_column(place)}{number}"'
            style = f' s="{1 + list(chosen).index(place)}"' if place in chosen else ""
            if isinstance(value, str):
                cells.append(f'<c {ref} t="s"{style}><v>{strings.setdefault(value, len(strings))}</v></c>')
            else:
                cells.append(f"<c {ref}{style}><v>{value}</v></c>")
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    masks = "".join(f'<numFmt numFmtId="{164 + n}" formatCode={quoteattr(m)}/>' for n, m in enumerate(chosen.values()))
    uses = "".join(f'<xf numFmtId="{164 + n}" applyNumberFormat="1"/>' for n in range(len(chosen)))
    shared = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings)
    return {
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
            'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override '
            'PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'spreadsheetml.worksheet+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'{_HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{R}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'{_HEAD}<workbook xmlns="{S}" xmlns:r="{R}"><sheets><sheet name={quoteattr(sheet)} sheetId="1" '
            f'state="{state}" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{_HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{R}/worksheet" '
            f'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{R}/sharedStrings" '
            f'Target="sharedStrings.xml"/><Relationship Id="rId3" Type="{R}/styles" Target="styles.xml"/>'
            "</Relationships>"
        ),
        "xl/styles.xml": (
            f'{_HEAD}<styleSheet xmlns="{S}"><numFmts count="{len(chosen)}">{masks}</numFmts>'
            f'<cellXfs count="{1 + len(chosen)}"><xf numFmtId="0"/>{uses}</cellXfs></styleSheet>'
        ),
        "xl/sharedStrings.xml": f'{_HEAD}<sst xmlns="{S}" count="{len(strings)}">{shared}</sst>',
        "xl/worksheets/sheet1.xml": f'{_HEAD}<worksheet xmlns="{S}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
    }


def xlsx(
    rows: Iterable[Row], *, sheet: str = "Sheet1", formats: Mapping[int, str] | None = None, state: str = "visible"
) -> bytes:
    """A workbook with one sheet; text as shared strings, numbers as numbers."""
    return package(xlsx_members(rows, sheet=sheet, formats=formats, state=state))


def pptx(slides: Iterable[Iterable[str]], *, notes: Iterable[str] = (), split_runs: bool = True) -> bytes:
    """A presentation: the paragraphs of each slide; `notes` stand under the first one."""

    def shape(paragraphs: Iterable[str]) -> str:
        body = "".join(
            "<a:p>" + "".join(f"<a:r><a:t>{escape(x)}</a:t></a:r>" for x in _pieces(text, split=split_runs)) + "</a:p>"
            for text in paragraphs
        )
        return f"<p:cSld><p:spTree><p:sp><p:txBody>{body}</p:txBody></p:sp></p:spTree></p:cSld>"

    members: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{PACKAGE}/content-types"/>',
        "ppt/presentation.xml": f'{_HEAD}<p:presentation xmlns:p="{P}"/>',
    }
    for number, paragraphs in enumerate(slides, 1):
        members[f"ppt/slides/slide{number}.xml"] = (
            f'{_HEAD}<p:sld xmlns:p="{P}" xmlns:a="{A}">{shape(paragraphs)}</p:sld>'
        )
    if notes:
        members["ppt/notesSlides/notesSlide1.xml"] = (
            f'{_HEAD}<p:notes xmlns:p="{P}" xmlns:a="{A}">{shape(notes)}</p:notes>'
        )
    return package(members)


_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_ODF_NAMES = " ".join(
    f'xmlns:{short}="{_ODF}{name}:1.0"'
    for short, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("meta", "meta"), ("manifest", "manifest"),
        ("style", "style"),
    )
)  # fmt: skip


def _odf(kind: str, body: str, extra: Mapping[str, str | bytes] | None = None) -> bytes:
    media = f"application/vnd.oasis.opendocument.{kind}"
    return package(
        {
            "mimetype": media,
            "content.xml": f"{_HEAD}<office:document-content {_ODF_NAMES}><office:body>{body}</office:body>"
            "</office:document-content>",
            "META-INF/manifest.xml": f"{_HEAD}<manifest:manifest {_ODF_NAMES}><manifest:file-entry "
            f'manifest:full-path="/" manifest:media-type="{media}"/></manifest:manifest>',
            **(extra or {}),
        },
        stored=["mimetype"],
    )


def odt(
    paragraphs: Iterable[str] = (), rows: Iterable[Row] = (), *, split_runs: bool = True,
    extra: Mapping[str, str | bytes] | None = None,
) -> bytes:  # fmt: skip
    """An OpenDocument text of these paragraphs and then a table."""

    def paragraph(text: str) -> str:
        spans = "".join(f"<text:span>{escape(x)}</text:span>" for x in _pieces(text, split=split_runs))
        return f"<text:p>{spans}</text:p>"

    table = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell>{paragraph(str(c))}</table:table-cell>" for c in row)
        + "</table:table-row>"
        for row in rows
    )
    body = "".join(paragraph(text) for text in paragraphs) + (f"<table:table>{table}</table:table>" if table else "")
    return _odf("text", f"<office:text>{body}</office:text>", extra)


def ods(rows: Iterable[Row], *, sheet: str = "Sheet1", extra: Mapping[str, str | bytes] | None = None) -> bytes:
    """An OpenDocument spreadsheet with one sheet; numbers as values with a shown text."""

    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
            "</table:table-cell>"
        )

    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    body = f"<office:spreadsheet><table:table table:name={quoteattr(sheet)}>{lines}</table:table></office:spreadsheet>"
    return _odf("spreadsheet", body, extra)


def encrypted_odt() -> bytes:
    """An OpenDocument text whose content is encrypted, as the manifest says."""
    manifest = (
        f'{_HEAD}<manifest:manifest {_ODF_NAMES}><manifest:file-entry manifest:full-path="content.xml">'
        '<manifest:encryption-data manifest:checksum="AA=="/></manifest:file-entry></manifest:manifest>'
    )
    return package(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": bytes(range(256)) * 2,
            "META-INF/manifest.xml": manifest,
        },
        stored=["mimetype"],
    )


def pdf_file(objects: Sequence[bytes], *, trailer: bytes = b"") -> bytes:
    """A PDF file of these objects, numbered from 1, the first one its catalogue; with its cross-reference table."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


def pdf_stream(content: bytes, entries: bytes = b"", *, packed: bool = True) -> bytes:
    """A stream object, compressed unless told otherwise."""
    octets = zlib.compress(content) if packed else content
    how = b"/Filter/FlateDecode" if packed else b""
    return b"<</Length %d%b%b>>stream\n%b\nendstream" % (len(octets), how, entries, octets)


def _pdf_string(text: str) -> bytes:
    octets = text.encode("cp1252", "replace")
    return b"(" + octets.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b")"


def pdf(
    lines: Iterable[str], *, glyphs: bool = False, per_page: int = 50, title: str = "", page: bytes = b"",
    catalog: bytes = b"", more: Sequence[bytes] = (),
) -> bytes:  # fmt: skip
    """A PDF of these lines in Helvetica. `glyphs` draws each character on its own, far from the next.

    `page` and `catalog` are entries added to every page and to the catalogue, `more` objects numbered from 5.
    """
    said = list(lines)
    pages = [said[at : at + per_page] for at in range(0, len(said), per_page)] or [[]]
    first = 5 + len(more)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%b>>" % catalog,
        b"<</Type/Pages/Count %d/Kids[%b]>>"
        % (len(pages), b" ".join(b"%d 0 R" % (first + 2 * n) for n in range(len(pages)))),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Title%b/Producer(samples)>>" % _pdf_string(title),
        *more,
    ]
    for number, shown in enumerate(pages):
        drawn = [b"BT /F1 11 Tf"]
        for row, line in enumerate(shown):
            height = 780 - 14 * row
            if glyphs:
                drawn += [
                    b"1 0 0 1 %d %d Tm %b Tj" % (40 + 14 * place, height, _pdf_string(char))
                    for place, char in enumerate(line)
                    if char != " "
                ]
            else:
                drawn.append(b"1 0 0 1 40 %d Tm %b Tj" % (height, _pdf_string(line)))
        drawn.append(b"ET")
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 1200 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R%b>>"
            % (first + 2 * number + 1, page)
        )
        objects.append(pdf_stream(b"\n".join(drawn)))
    return pdf_file(objects, trailer=b"/Info 4 0 R")


def pdf_with_attachment(lines: Iterable[str], name: str, content: bytes) -> bytes:
    """A PDF that carries a file."""
    return pdf(
        lines,
        catalog=b"/Names<</EmbeddedFiles<</Names[%b 5 0 R]>>>>" % _pdf_string(name),
        more=[
            b"<</Type/Filespec/F%b/UF%b/EF<</F 6 0 R>>>>" % (_pdf_string(name), _pdf_string(name)),
            pdf_stream(content, b"/Type/EmbeddedFile"),
        ],
    )


def pdf_with_field(lines: Iterable[str], label: str, value: str) -> bytes:
    """A PDF with a form: one text field whose value stands in the form alone, not on the page."""
    return pdf(
        lines,
        catalog=b"/AcroForm<</Fields[5 0 R]/DA(/Helv 0 Tf 0 g)>>",
        page=b"/Annots[5 0 R]",
        more=[
            b"<</Type/Annot/Subtype/Widget/FT/Tx/T%b/V%b/Rect[40 40 300 60]/F 4>>"
            % (_pdf_string(label), _pdf_string(value))
        ],
    )


def pdf_with_note(lines: Iterable[str], note: str) -> bytes:
    """A PDF with a note that a reader put on its page."""
    return pdf(
        lines,
        page=b"/Annots[5 0 R]",
        more=[b"<</Type/Annot/Subtype/Text/Contents%b/Rect[40 40 60 60]>>" % _pdf_string(note)],
    )


def rtf(paragraphs: Iterable[str], *, split_runs: bool = True) -> bytes:
    """A rich text of these paragraphs, cut into formatted runs."""

    def run(text: str) -> str:
        said = ""
        for char in text:
            if char in "\\{}":
                said += "\\" + char
            elif char.isascii():
                said += char
            elif ord(char) < 256:
                said += f"\\'{ord(char):02x}"
            else:
                code = int.from_bytes(char.encode("utf-16-le")[:2], "little", signed=True)
                said += f"\\u{code}?"
        return said

    body = "".join(
        "".join(f"{{\\b0 {run(x)}}}" for x in _pieces(text, split=split_runs)) + "\\par\n" for text in paragraphs
    )
    return f"{{\\rtf1\\ansi\\ansicpg1252\\deff0{{\\fonttbl{{\\f0 Helvetica;}}}}\n{body}}}".encode("ascii")


def eml(lines: Iterable[str], *, attachments: Mapping[str, bytes] | None = None, subject: str = "Minutes") -> bytes:
    """A mail of these lines with files attached."""
    head = f"From: a@city.example\r\nTo: b@out.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n".encode()
    text = b"\r\n".join(line.encode() for line in lines)
    if not attachments:
        return head + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + b"\r\n"
    parts = [b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text]
    parts += [
        b'Content-Type: application/octet-stream; name="%b"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="%b"\r\n\r\n%b'
        % (name.encode(), name.encode(), base64.encodebytes(content).replace(b"\n", b"\r\n"))
        for name, content in attachments.items()
    ]
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return head + b'Content-Type: multipart/mixed; boundary="edge"\r\n\r\n' + body


_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
Tree = Mapping[str, "bytes | Tree"]


def ole(tree: Tree) -> bytes:
    """A compound file (MS-CFB, version 3): storages are mappings, streams octets; no stream is in the mini stream.

    Streams shorter than 4,096 octets belong into the mini stream, so one holds all of these.
    """
    return _Compound(tree).octets()


class _Compound:
    """Lays out sectors of 512 octets: streams, then the mini stream, its table, the directory and the table of all."""

    def __init__(self, tree: Tree) -> None:
        self.sectors: list[bytes] = []
        self.table: list[int] = []
        self.mini = bytearray()
        self.minis: list[int] = []
        self.entries: list[bytearray] = []
        root = self._entry("Root Entry", 5)
        self._children(root, tree)
        start = self._store(bytes(self.mini)) if self.mini else _END
        struct.pack_into("<IQ", self.entries[root], 116, start, len(self.mini))

    def _store(self, content: bytes) -> int:
        first = len(self.sectors)
        count = -(-len(content) // 512)
        for number in range(count):
            self.sectors.append(content[512 * number : 512 * number + 512].ljust(512, b"\0"))
            self.table.append(first + number + 1 if number + 1 < count else _END)
        return first if count else _END

    def _store_mini(self, content: bytes) -> int:
        first = len(self.minis)
        count = -(-len(content) // 64)
        self.mini += content.ljust(64 * count, b"\0")
        self.minis += [first + n + 1 if n + 1 < count else _END for n in range(count)]
        return first if count else _END

    def _entry(self, name: str, kind: int) -> int:
        entry = bytearray(128)
        raw = name.encode("utf-16-le")
        entry[: len(raw)] = raw
        struct.pack_into("<HBBIII", entry, 64, len(raw) + 2, kind, 1, _FREE, _FREE, _FREE)
        self.entries.append(entry)
        return len(self.entries) - 1

    def _children(self, parent: int, tree: Tree) -> None:
        numbers = []
        # A list to the right is a search tree of the worst shape, but a valid one where it is in order.
        for name in sorted(tree, key=lambda n: (len(n), n.upper())):
            inner = tree[name]
            number = self._entry(name, 2 if isinstance(inner, bytes) else 1)
            numbers.append(number)
            if isinstance(inner, bytes):
                start = self._store(inner) if len(inner) >= 4096 else self._store_mini(inner)
                struct.pack_into("<IQ", self.entries[number], 116, start, len(inner))
            else:
                self._children(number, inner)
        if numbers:
            struct.pack_into("<I", self.entries[parent], 76, numbers[0])
        for number, following in pairwise(numbers):
            struct.pack_into("<I", self.entries[number], 72, following)

    def octets(self) -> bytes:
        minis = b"".join(struct.pack("<I", n) for n in self.minis)
        minifat = self._store(minis + b"\xff" * (-len(minis) % 512)) if minis else _END
        directory = self._store(b"".join(map(bytes, self.entries)).ljust(-(-len(self.entries) // 4) * 512, b"\0"))
        count = 1
        while (len(self.sectors) + count) > count * 128:
            count += 1
        fats = list(range(len(self.sectors), len(self.sectors) + count))
        table = self.table + [_FAT] * count
        packed = b"".join(struct.pack("<I", n) for n in table).ljust(count * 512, b"\xff")
        head = struct.pack(
            "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6),
            0, count, directory, 0, 4096, minifat, -(-len(minis) // 512), _END, 0,
        )  # fmt: skip
        places = b"".join(struct.pack("<I", n) for n in [*fats, *[_FREE] * (109 - count)])
        return head + places + b"".join(self.sectors) + packed
