"""Mails that hide a number, made from a seed: one to four tricks of structure, encoding or markup laid over a plain mail.

`mutant(seed)` is the same mail for ever. Each trick works on a draft (fields, body, boundary) before it is put together, or
on the octets after.
"""

import base64
import binascii
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

LABEL: Final = "Her SSN is "
CANARY: Final = "536-90-4399"
SAID: Final = f"Dear Pat, thank you for your letter. {LABEL}{CANARY}, please keep it to yourself.\r\nRegards, Dana\r\n"
CRLF: Final = b"\r\n"


@dataclass
class Draft:
    """A mail before it is put together: the fields around and of the leaf that holds the number."""

    rng: random.Random
    text: str = SAID
    html: bool = False
    charset: str = "utf-8"
    octets: bytes | None = None
    encoding: str = "7bit"
    body: bytes | None = None
    top: list[bytes] = field(default_factory=list)
    leaf_type: bytes = b"text/plain; charset=utf-8"
    leaf: list[bytes] = field(default_factory=list)
    attached: bool = False
    multipart: bool = True
    boundary: bytes = b"=_part_1"
    boundary_param: bytes | None = None
    top_type: bytes = b"multipart/mixed"
    delimiter: bytes = b"--%s\r\n"
    closing: bytes = b"\r\n--%s--\r\n"
    preamble: bytes = b""
    epilogue: bytes = b""
    leaf_break: bytes = CRLF
    top_break: bytes = CRLF
    wrap: list[str] = field(default_factory=list)
    cte_line: bytes | None = None
    tricks: list[str] = field(default_factory=list)
    late: list[Callable[[bytes], bytes]] = field(default_factory=list)

    def raw(self) -> bytes:
        """The leaf's octets before their transfer encoding."""
        if self.octets is not None:
            return self.octets
        said = f"<html><body><p>{self.text}</p></body></html>\r\n" if self.html else self.text
        return said.encode(self.charset, "replace")

    def encoded(self) -> bytes:
        """The leaf's octets in their transfer encoding."""
        if self.body is not None:
            return self.body
        return encode(self.raw(), self.encoding)

    def entity(self) -> bytes:
        """The leaf with its fields."""
        cte = self.cte_line if self.cte_line is not None else b"Content-Transfer-Encoding: " + self.encoding.encode()
        lines = [b"Content-Type: " + self.leaf_type, *([cte] if cte else []), *self.leaf]
        if self.attached:
            lines.append(b'Content-Disposition: attachment; filename="letter.txt"')
        self.rng.shuffle(lines)
        return CRLF.join(lines) + CRLF + self.leaf_break + self.encoded()

    def build(self) -> bytes:
        """The whole mail."""
        entity = self.entity()
        for how in self.wrap:
            entity = wrapped(how, entity, self.rng)
        head = [
            b"From: Dana Okafor <dokafor@milwaukee.gov>",
            b"To: lee@example.org",
            b"Subject: Letter",
            b"MIME-Version: 1.0",
        ]
        if not self.multipart:
            whole = CRLF.join([*head, *self.top]) + CRLF + entity
        else:
            param = self.boundary_param if self.boundary_param is not None else b'; boundary="' + self.boundary + b'"'
            head += [*self.top, b"Content-Type: " + self.top_type + param]
            mark = self.delimiter.replace(b"%s", self.boundary)
            whole = (
                CRLF.join(head) + CRLF + self.top_break + self.preamble + mark
                + b"Content-Type: text/plain\r\n\r\nPlease see the letter.\r\n" + mark + entity
                + self.closing.replace(b"%s", self.boundary) + self.epilogue
            )  # fmt: skip
        for change in self.late:
            whole = change(whole)
        return whole


def encode(octets: bytes, how: str) -> bytes:
    """In one transfer encoding, lines ended by CRLF."""
    if how == "base64":
        return base64.encodebytes(octets).replace(b"\n", CRLF)
    if how == "quoted-printable":
        return binascii.b2a_qp(octets).replace(b"\r\n", b"\n").replace(b"\n", CRLF)
    if how == "x-uuencode":
        lines = [binascii.b2a_uu(octets[i : i + 45]).rstrip(b"\n") for i in range(0, len(octets), 45)]
        return b"begin 644 letter.txt\r\n" + CRLF.join(lines) + b"\r\n`\r\nend\r\n"
    return octets


def wrapped(how: str, entity: bytes, rng: random.Random) -> bytes:
    """An entity within another."""
    if how == "rfc822":
        return b"Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\nSubject: inner\r\n" + entity
    mark = b"in_%d" % rng.randrange(1000)
    return (
        b"Content-Type: multipart/" + how.encode() + b"; boundary=" + mark + b"\r\n\r\n--" + mark
        + b"\r\n\r\nfirst\r\n--" + mark + CRLF + entity + b"\r\n--" + mark + b"--\r\n"
    )  # fmt: skip


Trick = Callable[[Draft], None]
TRICKS: dict[str, Trick] = {}


def trick(made: Trick) -> Trick:
    """Put a trick into the table under its own name."""
    TRICKS[made.__name__] = made
    return made


ENCODINGS: Final = ("7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "", "none", "x-unknown")


def cte(draft: Draft) -> bytes:
    return draft.cte_line if draft.cte_line is not None else b"Content-Transfer-Encoding: " + draft.encoding.encode()


def one_of_lines(draft: Draft) -> tuple[str, bytes]:
    """One of the fields that tricks bend."""
    which = draft.rng.choice(["cte", "cte", "leaf", "top"])
    if which == "cte":
        return which, cte(draft)
    if which == "leaf":
        return which, b"Content-Type: " + draft.leaf_type
    param = draft.boundary_param if draft.boundary_param is not None else b'; boundary="' + draft.boundary + b'"'
    return which, b"Content-Type: " + draft.top_type + param


def put_line(draft: Draft, which: str, line: bytes) -> None:
    """Put the bent field in its place; a type that was bent stands among the further fields."""
    if which == "cte":
        draft.cte_line = line
    elif which == "leaf":
        draft.leaf_type = line.partition(b":")[2].strip(b" ") if line.startswith(b"Content-Type:") else draft.leaf_type
        if not line.startswith(b"Content-Type:"):
            draft.leaf.append(line)
    elif draft.multipart:
        if line.startswith(b"Content-Type:"):
            draft.top_type, draft.boundary_param = line.partition(b":")[2].strip(b" "), b""
        else:
            draft.top.append(line)
            was = draft.top_type
            draft.late.append(lambda whole: whole.replace(b"Content-Type: " + was, b"X-Was: " + was, 1))


@trick
def double_type(draft: Draft) -> None:
    other = draft.rng.choice(
        [
            b"text/plain",
            b"application/octet-stream",
            b"image/png",
            b"multipart/mixed; boundary=zzz",
            b"text/html",
            b"message/rfc822",
        ]
    )
    line = b"Content-Type: " + other
    draft.rng.choice([draft.leaf, draft.top]).insert(0, line)


@trick
def double_encoding_field(draft: Draft) -> None:
    draft.leaf.append(b"Content-Transfer-Encoding: " + draft.rng.choice(ENCODINGS).encode())


@trick
def odd_encoding(draft: Draft) -> None:
    name = draft.encoding.encode()
    half = draft.rng.randrange(1, max(2, len(name)))
    odd = draft.rng.choice(
        [
            name + b" (x)", b"(x)" + name, name[:half] + b"(y)" + name[half:], name.upper(), name + b";", b'"' + name + b'"',
            name + b",7bit", b"7bit," + name, b"7bit " + name, name + b"5", b"x-" + name, name + b"\t", name[:half] + b"-" + name[half:],
            name[:half] + b" " + name[half:], b"=?us-ascii?q?" + name + b"?=", name + b"\r\n\t", b"\r\n " + name, name + b"; x=y", b"'" + name + b"'",
        ]
    )  # fmt: skip
    draft.cte_line = b"Content-Transfer-Encoding: " + odd


@trick
def folded(draft: Draft) -> None:
    which, line = one_of_lines(draft)
    fold = draft.rng.choice([b"\r\n ", b"\r\n\t", b"\r\n \r\n ", b" \r\n "])
    at = draft.rng.choice(
        [line.find(b":") + 1, line.find(b":"), draft.rng.randrange(8, len(line) + 1), line.find(b"/")]
    )
    at = at if at > 0 else len(line)
    put_line(draft, which, line[:at] + fold + line[at:])


@trick
def odd_name(draft: Draft) -> None:
    which, line = one_of_lines(draft)
    name, _, value = line.partition(b":")
    odd = draft.rng.choice([name + b" :", b" " + name + b":", name + b"\t:", name.upper() + b":", name + b"::", b"\t" + name + b":",
                            name.replace(b"-", b"_") + b":", b"X:" + name + b":", name + b"\r\n :"])  # fmt: skip
    put_line(draft, which, odd + value)


@trick
def junk_field(draft: Draft) -> None:
    junk = draft.rng.choice(
        [
            b"not a field",
            b": x",
            b" continues",
            b"X-Long: " + b"y" * 990,
            b"--",
            b"From someone Mon Jan 1",
            b"X",
            b"\xff\xfe: z",
        ]
    )
    lines = draft.rng.choice([draft.leaf, draft.top])
    lines.insert(draft.rng.randrange(len(lines) + 1), junk)


@trick
def comments(draft: Draft) -> None:
    which, line = one_of_lines(draft)
    at = draft.rng.randrange(line.find(b":") + 1, len(line) + 1)
    put_line(
        draft, which, line[:at] + draft.rng.choice([b"(c)", b" (c) ", b"(\\))", b"((a)b)", b"(", b")"]) + line[at:]
    )


@trick
def boundary_param(draft: Draft) -> None:
    mark = draft.boundary
    half = len(mark) // 2
    draft.boundary_param = draft.rng.choice(
        [
            b"; boundary=" + mark, b'; boundary="' + mark, b"; boundary=" + mark + b'"', b"; boundary='" + mark + b"'",
            b'; boundary=zz; boundary="' + mark + b'"', b'; boundary="' + mark + b'"; boundary=zz', b"; boundary*=us-ascii''" + mark.replace(b"=", b"%3D"),
            b'; boundary*0="' + mark[:half] + b'"; boundary*1="' + mark[half:] + b'"', b'; boundary*1="' + mark[half:] + b'"; boundary*0="' + mark[:half] + b'"',
            b'; boundary="' + mark + b' "', b'; boundary= "' + mark + b'"', b'; Boundary="' + mark + b'"', b'; boundary ="' + mark + b'"', b'; x=y boundary="' + mark + b'"',
            b', boundary="' + mark + b'"', b' boundary="' + mark + b'"', b";;boundary=" + mark, b'; boundary="' + mark + b',zz"', b"; boundary=zz," + mark, b"",
            b'; boundary="\\' + mark + b'"', b'; boundary="' + mark + b'\r\n "', b'; boundary=(x)"' + mark + b'"', b"; boundary==?us-ascii?q?" + mark.replace(b"=", b"=3D").replace(b"_", b"=5F") + b"?=",
            b'; boundary="' + mark[:half] + b'"' + mark[half:], b"; boundary=" + mark[:half] + b'"' + mark[half:] + b'"', b'; boundary="zz"; boundary*0="' + mark + b'"', b'; boundary="' + mark[:half] + b"\r\n " + mark[half:] + b'"',
        ]
    )  # fmt: skip


@trick
def boundary_value(draft: Draft) -> None:
    draft.boundary = draft.rng.choice(
        [
            b"",
            b" ",
            b"-",
            b"--",
            b"a" * 71,
            b"a" * 900,
            b"x y",
            b"a,b",
            b"a;b",
            b"a=b",
            b"a'b",
            b"<a>",
            b"a@b",
            b"(a)",
            b"a--",
            b"=?x?q?y?=",
            b"\xc3\xa4",
            b"a\tb",
            b"a/b",
            b"0",
            b"--a",
        ]
    )


@trick
def delimiter(draft: Draft) -> None:
    draft.delimiter = draft.rng.choice(
        [b"--%s \r\n", b"--%s\t\r\n", b"--%s junk\r\n", b" --%s\r\n", b"-%s\r\n", b"---%s\r\n", b"--%s\r\n\r\n", b"--%s-\r\n", b"\r\n--%s\r\n", b"x--%s\r\n", b"--%sx\r\n", b"> --%s\r\n", b"--%s--\r\n", b"-- %s\r\n"]
    )  # fmt: skip


@trick
def closing(draft: Draft) -> None:
    draft.closing = draft.rng.choice(
        [
            b"",
            b"\r\n",
            b"\r\n--%s\r\n",
            b"\r\n--%s-\r\n",
            b"\r\n--%s-- x\r\n",
            b"--%s--",
            b"\r\n--%s--",
            b"\r\n --%s--\r\n",
        ]
    )


@trick
def early_closing(draft: Draft) -> None:
    draft.late.append(
        lambda whole: whole.replace(
            b"\r\nPlease see the letter.\r\n", b"\r\nPlease see the letter.\r\n--" + draft.boundary + b"--\r\n", 1
        )
    )


@trick
def outside(draft: Draft) -> None:
    entity = draft.entity()
    if draft.rng.random() < 0.5:
        draft.preamble = entity + CRLF
    else:
        draft.epilogue = entity + CRLF
    draft.text, draft.octets, draft.body, draft.encoding, draft.cte_line = "nothing here\r\n", None, None, "7bit", None
    draft.charset, draft.leaf_type = "utf-8", b"text/plain"


@trick
def odd_break(draft: Draft) -> None:
    choice = draft.rng.choice([b"", b" \r\n", b"\t\r\n", b"\r\n\r\n", b"x\r\n", b"\r\r\n", b"\n", b"\r"])
    if draft.rng.random() < 0.6:
        draft.leaf_break = choice
    else:
        draft.top_break = choice


@trick
def no_version(draft: Draft) -> None:
    new = draft.rng.choice(
        [
            b"X-Nothing: 1",
            b"MIME-Version: 2.0",
            b"MIME-Version: (x) 1.0",
            b"MIME-Version: 1.0\r\nMIME-Version: 1.0",
            b"mime-version:1.0",
        ]
    )
    draft.late.append(lambda whole: whole.replace(b"MIME-Version: 1.0", new, 1))


@trick
def leaf_type(draft: Draft) -> None:
    draft.leaf_type = draft.rng.choice(
        [b"application/octet-stream", b"image/png", b"image/png; name=x.png", b"text/html; charset=utf-8", b"text/enriched", b"text/rfc822-headers",
         b"message/delivery-status", b"message/rfc822", b"text", b"", b"foo/bar/baz", b"TEXT/PLAIN", b"text/x-unknown; charset=utf-8", b"audio/x", b"application/pdf",
         b"multipart/alternative", b"multipart/mixed; boundary=none", b"text/calendar", b"application/json", b"text/plain charset=utf-8", b"message/partial; id=1; number=1; total=2", b"application/pgp-signature"]
    )  # fmt: skip


@trick
def charset_of(draft: Draft) -> None:
    name = draft.rng.choice(
        [
            "utf-7",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-32-le",
            "utf-8-sig",
            "cp037",
            "cp500",
            "hz",
            "iso2022_jp",
            "iso2022_kr",
            "latin-1",
            "gb18030",
            "shift_jis",
        ]
    )
    said = draft.text
    if name in {"iso2022_jp", "hz", "gb18030", "shift_jis"} and draft.rng.random() < 0.7:
        said = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in said)
    if name == "utf-7" and draft.rng.random() < 0.7:
        draft.octets = said.replace(
            CANARY, "+" + base64.b64encode(CANARY.encode("utf-16-be")).decode().rstrip("=") + "-"
        ).encode()
    else:
        draft.octets = (f"<p>{said}</p>" if draft.html else said).encode(name, "replace")
    label = draft.rng.choice(
        [
            name,
            name,
            name,
            name.replace("_", "-"),
            "",
            "x-unknown",
            "us-ascii",
            "utf-8",
            "x-" + name,
            "cs" + name.replace("-", ""),
        ]
    )
    main = b"text/html" if draft.html else b"text/plain"
    forms = [
        b'; charset="%s"',
        b"; charset=%s",
        b"; charset=us-ascii; charset=%s",
        b"; charset=%s; charset=us-ascii",
        b"; charset*=us-ascii''%s",
    ]
    draft.leaf_type = main + (draft.rng.choice(forms).replace(b"%s", label.encode()) if label else b"")
    if draft.encoding == "7bit":
        draft.encoding = draft.rng.choice(["base64", "base64", "quoted-printable", "8bit"])


@trick
def damaged_base64(draft: Draft) -> None:
    draft.encoding = "base64"
    rng, clean = draft.rng, base64.b64encode(draft.raw())
    how = rng.randrange(12)
    if how == 0:
        size = rng.choice([1, 2, 3, 5, 6, 7, 24, 30, 77, 200])
        clean = CRLF.join(clean[i : i + size] for i in range(0, len(clean), size))
    elif how == 1:
        for _ in range(rng.randrange(1, 30)):
            at = rng.randrange(len(clean))
            clean = (
                clean[:at] + rng.choice([b".", b"#", b"!", b" ", b"-", b"_", b"\t", b"~", b"\xff", b"*"]) + clean[at:]
            )
    elif how == 2:
        clean = clean.rstrip(b"=")
    elif how == 3:
        at = rng.randrange(len(clean))
        clean = clean[:at] + rng.choice([b"=", b"==", b"====", b"=\r\n"]) + clean[at:]
    elif how == 4:
        clean = rng.choice([b"A", b"AB", b"ABC", b"x=", b".."]) + clean
    elif how == 5:
        clean = clean.replace(b"+", b"-").replace(b"/", b"_")
    elif how == 6:
        clean = CRLF.join(b"> " + clean[i : i + 60] for i in range(0, len(clean), 60))
    elif how == 7:
        size = rng.randrange(1, 40)
        raw = draft.raw()
        clean = rng.choice([b"", CRLF]).join(base64.b64encode(raw[i : i + size]) for i in range(0, len(raw), size))
    elif how == 8:
        clean = CRLF.join(b" " + clean[i : i + 70] + b" " for i in range(0, len(clean), 70))
    elif how == 9:
        clean = b" ".join(clean[i : i + 4] for i in range(0, len(clean), 4))
    elif how == 10:
        clean = b"Here it comes:\r\n\r\n" + clean
    else:
        clean = clean + b"\r\nsome text behind it."
    draft.body = clean


@trick
def damaged_qp(draft: Draft) -> None:
    draft.encoding = "quoted-printable"
    rng, raw = draft.rng, draft.raw()
    how = rng.randrange(8)
    if how == 0:
        body = b"".join(b"=%02x" % o for o in raw)
    elif how == 1:
        body = b"".join(b"=%02X" % o if rng.random() < 0.6 or o == 61 else bytes([o]) for o in raw if o not in b"\r")
        body = body.replace(b"\n", CRLF)
    elif how == 2:
        body = rng.choice([b"=\r\n", b"= \r\n", b"=\t\r\n", b"=  \t\r\n"]).join(
            raw[i : i + 3] for i in range(0, len(raw), 3)
        )
    elif how == 3:
        body = raw.replace(b"536", b"53=36", 1)
    elif how == 4:
        body = raw.replace(b"5", b"=35") + b"=Z =4 ="
    elif how == 5:
        body = raw.replace(b"36-9", b"=\r\n36-=\r\n9")
    elif how == 6:
        body = b"".join(b"=%02X" % o for o in raw)
        body = b"=\r\n".join(body[i : i + 75] for i in range(0, len(body), 75))
    else:
        body = raw.replace(b"536-", b"5=33=36=2d=\r\n")
    draft.body = body


@trick
def encoded_again(draft: Draft) -> None:
    octets = draft.raw()
    for _ in range(draft.rng.randrange(1, 3)):
        octets = encode(octets, draft.rng.choice(["base64", "base64", "quoted-printable", "x-uuencode"]))
    draft.octets = octets
    draft.encoding = draft.rng.choice(["base64", "quoted-printable", "7bit"])


@trick
def undeclared(draft: Draft) -> None:
    if draft.encoding == "7bit":
        draft.encoding = draft.rng.choice(["base64", "quoted-printable", "x-uuencode"])
    draft.cte_line = draft.rng.choice(
        [
            b"",
            b"Content-Transfer-Encoding: 7bit",
            b"Content-Transfer-Encoding: 8bit",
            b"Content-Encoding: " + draft.encoding.encode(),
        ]
    )


@trick
def other_encoding(draft: Draft) -> None:
    draft.encoding = draft.rng.choice(["base64", "quoted-printable", "x-uuencode"])


def b64(text: str) -> str:
    return "=?utf-8?b?" + base64.b64encode(text.encode()).decode() + "?="


def qp(text: str) -> str:
    return "=?utf-8?q?" + "".join(f"={ord(c):02X}" for c in text) + "?="


@trick
def in_a_field(draft: Draft) -> None:
    rng, said = draft.rng, f"{LABEL}{CANARY}"
    half = len(said) - rng.randrange(1, 10)
    one, two = said[:half], said[half:]
    value = rng.choice(
        [said, b64(said), qp(said), f"{b64(one)} {b64(two)}", f"{b64(one)}\r\n {qp(two)}", f"{one}\r\n {two}", f"{one}\r\n\t{two}", f"{qp(one)}{qp(two)}", f"=?utf-16?b?{base64.b64encode(said.encode('utf-16')).decode()}?=", f"=?utf-7?q?{said}?="]
    )  # fmt: skip
    name = rng.choice(["X-Note", "Comments", "Keywords", "References", "Message-ID", "X-Note", "Thread-Topic"])
    line = rng.choice([f"{name}: {value}", f"Content-Description: {value}", f'Reply-To: "{value}" <a@b.example>'])
    draft.top.append(line.encode())
    draft.text = "nothing here\r\n"


@trick
def in_a_name(draft: Draft) -> None:
    rng, said = draft.rng, f"{LABEL}{CANARY}.txt"
    half = rng.randrange(14, len(said) - 4)
    one, two = said[:half], said[half:]
    percent = "".join(f"%{ord(c):02X}" for c in said)
    value = rng.choice(
        [f'filename="{said}"', f"filename*=utf-8''{percent}", f'filename*0="{one}"; filename*1="{two}"', f'filename*1="{two}"; filename*0="{one}"', f'filename="{b64(said)}"', f"filename={b64(said)}",
         f"filename*0*=utf-8''{percent[:60]}; filename*1*={percent[60:]}", f'filename="x.txt"; filename="{said}"', f'name="{said}"', f"filename*0*=utf-8''{percent[:60]};\r\n filename*1*={percent[60:]}", f'filename="{one}\r\n {two}"', f"filename*=utf-16''{percent}"]
    )  # fmt: skip
    draft.leaf.append(b"Content-Disposition: attachment; " + value.encode())
    draft.text = "nothing here\r\n"


@trick
def markup(draft: Draft) -> None:
    draft.html = True
    draft.leaf_type = b"text/html; charset=utf-8"
    rng, a, b = draft.rng, CANARY[:5], CANARY[5:]
    hidden = rng.choice(
        [
            "display:none",
            "display : none",
            "visibility:hidden",
            "font-size:0",
            "font-size:0px",
            "opacity:0",
            "color:#fff;background:#fff",
            "position:absolute;left:-9999px",
            "width:0;height:0;overflow:hidden",
            "mso-hide:all",
            "text-indent:-9999px",
            "max-height:0;overflow:hidden",
            "FONT-SIZE:1px;COLOR:white;background-color:white",
            "line-height:0;font-size:0pt",
            "color:transparent",
            "clip-path:inset(100%)",
            "transform:scale(0)",
        ]
    )
    entity = "".join(
        rng.choice([f"&#{ord(c)};", f"&#x{ord(c):x};", f"&#{ord(c)}", f"&#0{ord(c)};", c]) + "" for c in CANARY
    )
    percent = "".join(f"%{ord(c):02X}" for c in LABEL + CANARY)
    said = f"{LABEL}{CANARY}"
    forms = [
        f"{LABEL}{a}<!-- x -->{b}", f"{LABEL}{a}<b></b>{b}", f"{LABEL}<span>{a}</span><span>{b}</span>", f"{LABEL}{a}<wbr>{b}", f"{LABEL}{entity}", f"{LABEL}{a}&#8203;{b}", f"{LABEL}{a}&shy;{b}", f"{LABEL}{a}&zwnj;{b}",
        f'{LABEL}{a}<span style="{hidden}">777</span>{b}', f'<span style="{hidden}">{said}</span>', f'<img alt="{said}">', f'<a title="{said}">x</a>', f'<a href="http://x.example/?q={percent}">x</a>',
        f'<a href="mailto:a@b.example?body={percent}">x</a>', f'<input value="{said}">', f'<input placeholder="{said}">', f'<meta name=x content="{said}">', f"<textarea>{said}</textarea>", f"<select><option>{said}</select>",
        f"<script>var x = '{said}'</script>", f"<style>p:after{{content:'{said}'}}</style>", f"<template>{said}</template>", f"<noscript>{said}</noscript>", f"<!--[if mso]>{said}<![endif]-->", f"<svg><text>{said}</text></svg>",
        f'<iframe srcdoc="<p>{said}</p>"></iframe>', f'<iframe srcdoc="&lt;p&gt;{LABEL}{a}&lt;b&gt;&lt;/b&gt;{b}&lt;/p&gt;"></iframe>', f'<iframe src="data:text/html,{percent}"></iframe>', f'<a href="data:text/plain;base64,{base64.b64encode(said.encode()).decode()}">x</a>', f'<img src="data:text/plain;base64,{base64.b64encode(said.encode()).decode()}">',
        f"<table><tr><td>SSN</td></tr><tr><td>{a}</td><td>{b}</td></tr></table>", f"<style>.z{{{hidden}}}</style>{LABEL}{a}<i class=z>777</i>{b}", f'<style type="text/css">\n#z {{ {hidden} }}</style>{LABEL}{a}<i id="z">777</i>{b}', f"<style>i{{{hidden}}}</style>{LABEL}{a}<i>777</i>{b}",
        f"<style>p:before{{content:'{LABEL}\\35\\33\\36-90-4399'}}</style>", f"{LABEL}{a}<font size=0 color=white>777</font>{b}", f"{LABEL}{a}<span hidden>777</span>{b}", f"{LABEL}{a}<del style='{hidden}'>1</del>{b}", f"{LABEL}{a}<script>9</script>{b}", f"{LABEL}{a}<style>9</style>{b}", f"<ruby>{said}<rt>x</rt></ruby>",
        f'<object data="data:text/plain,{percent}"></object>', f"<plaintext>{said}", f"<xmp>{said}</xmp>", f"<title>{said}</title>", f"<![CDATA[{said}]]>", f"<?x {said} ?>", f"<!doctype x '{said}'>", f"<x-{said.replace(' ', '-')}>", f"<p {said}>", f"</{said}>", f"<bdo dir=rtl>{CANARY[::-1]} si NSS</bdo>", f"<math><mi>{said}</mi></math>", f"{LABEL}{a}<div style='display:inline'>{b}</div>", f'<p aria-label="{said}">x</p>', f"<button formaction='x?{percent}'>y</button>", f"{LABEL}{CANARY.replace('-', '&#45;')}", f"{LABEL}{CANARY.replace('-', '&hyphen;')}", f"{LABEL}{CANARY.replace('-', '&ndash;')}", f"{LABEL}{CANARY.replace('-', '<span>-</span>')}", f"{LABEL}<p>536</p><p>-90-</p><p>4399</p>", f'{LABEL}{"".join(f"<i>{c}</i>" for c in CANARY)}', f'{LABEL}{"".join(f"<td>{c}</td>" for c in CANARY)}', f"<link rel=x href='data:text/css,p:after{{content:\"{said}\"}}'>",
    ]  # fmt: skip
    draft.text = rng.choice(forms)


@trick
def odd_characters(draft: Draft) -> None:
    rng = draft.rng
    odd = rng.choice(
        ["\u200b", "\u00ad", "\ufeff", "\u2060", "\u200d", "\u034f", "\ufe0f", "\u0336", "\u2063", "\U000e0020"]
    )
    how = rng.randrange(6)
    if how == 0:
        new = odd.join(CANARY)
    elif how == 1:
        new = "".join(chr(0xFF10 + int(c)) if c.isdigit() else c for c in CANARY)
    elif how == 2:
        new = CANARY.replace("-", rng.choice("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"))
    elif how == 3:
        start = rng.choice([0x660, 0x6F0, 0x966, 0x1D7CE, 0x1D7F6])
        new = "".join(chr(start + int(c)) if c.isdigit() else c for c in CANARY)
    elif how == 4:
        new = f"\u202e{CANARY[::-1]}\u202c"
    else:
        new = CANARY.replace("-", rng.choice([" - ", "\u00a0", "\u2003", ".", " ", "--", "_", "/"]))
    draft.text = draft.text.replace(CANARY, new)
    draft.encoding = "quoted-printable" if draft.encoding == "7bit" else draft.encoding


@trick
def nested(draft: Draft) -> None:
    kinds = [
        "rfc822",
        "mixed",
        "alternative",
        "related",
        "digest",
        "report",
        "signed",
        "parallel",
        "x-unknown",
        "form-data",
    ]
    draft.wrap += [draft.rng.choice(kinds) for _ in range(draft.rng.randrange(1, 4))]


@trick
def attachment(draft: Draft) -> None:
    draft.attached = True


@trick
def alone(draft: Draft) -> None:
    draft.multipart = False


@trick
def encoded_container(draft: Draft) -> None:
    draft.top.append(
        b"Content-Transfer-Encoding: " + draft.rng.choice([b"base64", b"quoted-printable", b"x-uuencode", b"gzip"])
    )


@trick
def enriched(draft: Draft) -> None:
    rng = draft.rng
    draft.leaf_type = b"text/enriched"
    draft.text = (
        f"<bold>{LABEL}</bold>{CANARY[:5]}<italic></italic><fontfamily><param>Arial</param>{CANARY[5:]}</fontfamily> <<x\r\n"
        + rng.choice(["", "more text\r\n"])
    )


@trick
def flowed(draft: Draft) -> None:
    draft.leaf_type = b"text/plain; format=flowed; delsp=yes"
    draft.text = draft.text.replace(CANARY, CANARY[:4] + " \r\n" + CANARY[4:])


@trick
def split_over_parts(draft: Draft) -> None:
    draft.late.append(
        lambda whole: whole.replace(b"Please see the letter.", b"Please see the letter. " + LABEL.encode(), 1)
    )
    draft.text = f"{CANARY} she said\r\n"


@trick
def partly_moved(draft: Draft) -> None:
    """Cut one line of the whole, or double it."""
    at = draft.rng.random()

    def change(whole: bytes) -> bytes:
        lines = whole.split(CRLF)
        place = int(at * len(lines))
        return CRLF.join(lines[:place] + ([lines[place]] * 2 if at * 100 % 1 < 0.5 else []) + lines[place + 1 :])

    draft.late.append(change)


@trick
def one_octet(draft: Draft) -> None:
    """Change, drop or add one octet anywhere."""
    at, how, octet = (
        draft.rng.random(),
        draft.rng.randrange(3),
        bytes([draft.rng.choice(b"\t !\"'(),-/:;<=>?@[]_az09\xff")]),
    )

    def change(whole: bytes) -> bytes:
        place = int(at * len(whole))
        return whole[:place] + (b"" if how == 0 else octet) + whole[place + (how != 2) :]

    draft.late.append(change)


def mutant(seed: int) -> tuple[bytes, tuple[str, ...]]:
    """The mail of this seed and the names of its tricks."""
    rng = random.Random(seed)  # noqa: S311 - the same mail for the same seed is what is wanted
    draft = Draft(rng)
    draft.encoding = rng.choice(["7bit", "base64", "base64", "quoted-printable"])
    draft.multipart = rng.random() < 0.8
    names = rng.sample(sorted(TRICKS), rng.choice([1, 1, 2, 2, 3, 4]))
    # Tricks of the text come before those that encode it.
    first = (
        "odd_characters",
        "in_a_field",
        "in_a_name",
        "markup",
        "enriched",
        "flowed",
        "split_over_parts",
        "charset_of",
        "encoded_again",
    )
    for name in sorted(names, key=lambda n: (first.index(n) if n in first else 99, n)):
        TRICKS[name](draft)
    return draft.build(), tuple(sorted(names))
