"""S/MIME and OpenPGP of every sort, made here: structures and packets by hand, and real ones by a library for tests."""

import base64
import datetime as dt
import random
import struct
import zlib
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from smtp_gate.reading.armor import crc24

SECRET = "her SSN is 536-90-4399"
INNER = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{SECRET}\r\n".encode()
FROM = b"From: Dana Okafor <dokafor@milwaukee.gov>\r\nSubject: Report\r\nMIME-Version: 1.0\r\n"

DATA, SIGNED, ENVELOPED = (f"1.2.840.113549.1.7.{n}" for n in (1, 2, 3))
COMPRESSED, AUTH_ENVELOPED, AUTHENTICATED = (f"1.2.840.113549.1.9.16.1.{n}" for n in (9, 23, 2))
ZLIB, AES = "1.2.840.113549.1.9.16.3.8", "2.16.840.1.101.3.4.1.42"


def cipher(size: int, seed: int = 7) -> bytes:
    """Octets like the output of a cipher, the same each time."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - only to look random, and the same each time


def tlv(tag: int, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes(4, "big").lstrip(b"\0")
    return bytes((tag, 0x80 | len(size))) + size + body


def endless(tag: int, *bodies: bytes) -> bytes:
    """The same with an indefinite length."""
    return bytes((tag, 0x80)) + b"".join(bodies) + b"\0\0"


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(n) for n in dotted.split("."))
    out = bytes((40 * first + second,))
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        out += bytes(reversed(groups))
    return tlv(6, out)


ONE, NULL = tlv(2, b"\1"), tlv(5)
RECIPIENTS = tlv(0x31, tlv(0x30, tlv(2, b"\0"), tlv(4, cipher(16, 3))))


def cms(kind: str, content: bytes) -> bytes:
    return tlv(0x30, oid(kind), tlv(0xA0, content))


def enveloped(octets: bytes, kind: str = ENVELOPED) -> bytes:
    info = tlv(0x30, oid(DATA), tlv(0x30, oid(AES), tlv(4, cipher(16, 5))), tlv(0x80, octets))
    return cms(kind, tlv(0x30, tlv(2, b"\0"), RECIPIENTS, info))


def enveloped_in_chunks(octets: bytes) -> bytes:
    chunks = [tlv(4, octets[at : at + 100]) for at in range(0, len(octets), 100)]
    info = endless(0x30, oid(DATA), tlv(0x30, oid(AES), tlv(4, cipher(16, 5))), endless(0xA0, *chunks))
    return endless(0x30, oid(ENVELOPED), endless(0xA0, endless(0x30, tlv(2, b"\0"), RECIPIENTS, info)))


def signed(content: bytes | None, *, chunked: bool = False, certificate: bytes = b"", signers: bool = True) -> bytes:
    algorithms = tlv(0x31, tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), NULL))
    signer = tlv(0x31, tlv(0x30, ONE, tlv(4, cipher(64, 9)))) if signers else tlv(0x31)
    certificates = tlv(0xA0, certificate) if certificate else b""
    if content is None:
        return cms(SIGNED, tlv(0x30, ONE, algorithms, tlv(0x30, oid(DATA)), certificates, signer))
    if chunked:
        pieces = [tlv(4, content[at : at + 9]) for at in range(0, len(content), 9)]
        inside = endless(0x30, oid(DATA), endless(0xA0, endless(0x24, tlv(0x24, *pieces[:2]), *pieces[2:])))
        body = endless(0x30, ONE, algorithms, inside, certificates, signer)
        return endless(0x30, oid(SIGNED), endless(0xA0, body))
    inside = tlv(0x30, oid(DATA), tlv(0xA0, tlv(4, content)))
    return cms(SIGNED, tlv(0x30, ONE, algorithms, inside, certificates, signer))


def compressed(content: bytes) -> bytes:
    inside = tlv(0x30, oid(DATA), tlv(0xA0, tlv(4, zlib.compress(content))))
    return cms(COMPRESSED, tlv(0x30, tlv(2, b"\0"), tlv(0x30, oid(ZLIB)), inside))


@cache
def key() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    private = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Dana Okafor")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), 7, day, day.replace(year=2030))
    return private, builder.sign(private, hashes.SHA256())


def really_enveloped(content: bytes) -> bytes:
    """CMS as a mail program makes it."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(key()[1])
    return builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def really_signed(content: bytes, *, detached: bool = False) -> bytes:
    private, certificate = key()
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, private, hashes.SHA256())
    options = [pkcs7.PKCS7Options.Binary, *([pkcs7.PKCS7Options.DetachedSignature] if detached else [])]
    return builder.sign(serialization.Encoding.DER, options)


def packet(tag: int, body: bytes) -> bytes:
    if len(body) < 192:
        return bytes((0xC0 | tag, len(body))) + body
    if len(body) < 8384:
        size = len(body) - 192
        return bytes((0xC0 | tag, 192 + (size >> 8), size & 255)) + body
    return bytes((0xC0 | tag, 255)) + struct.pack(">I", len(body)) + body


def old_packet(tag: int, body: bytes) -> bytes:
    return bytes((0x80 | tag << 2 | 1,)) + struct.pack(">H", len(body)) + body


def partial(tag: int, body: bytes) -> bytes:
    """One packet in partial lengths of 512 octets and a rest."""
    out, at = bytes((0xC0 | tag,)), 0
    while len(body) - at > 512:
        out += bytes((224 + 9,)) + body[at : at + 512]
        at += 512
    return out + packet(tag, body[at:])[1:]


PKESK = packet(1, b"\3" + cipher(8, 1) + b"\1" + cipher(256, 2))
SKESK = packet(3, b"\4\x09\3\x08" + cipher(8, 4) + b"\xe0")


def pgp(octets: bytes | None = None, *keys: bytes) -> bytes:
    """An encrypted message: session keys, and data with integrity protection."""
    return b"".join(keys or (PKESK,)) + packet(18, b"\1" + (cipher(300) if octets is None else octets))


def literal(content: bytes, name: str = "") -> bytes:
    return packet(11, b"b" + bytes((len(name),)) + name.encode() + b"\0\0\0\0" + content)


def pgp_signed(content: bytes) -> bytes:
    return packet(4, b"\3\0\x08\1" + cipher(8, 1) + b"\1") + literal(content) + SIGNATURE


SIGNATURE = packet(2, b"\4\0\1\x08\0\0\0\0" + cipher(260, 6))
PUBLIC_KEY = packet(6, b"\4\0\0\0\0\1" + cipher(269, 8)) + packet(13, b"Lee Park <lee@example.org>") + SIGNATURE


def armor(octets: bytes, label: str = "MESSAGE", fields: str = "", *, check: bool = True) -> bytes:
    text = base64.encodebytes(octets).decode().replace("\n", "\r\n")
    total = "=" + base64.b64encode(crc24(octets).to_bytes(3, "big")).decode() + "\r\n" if check else ""
    head = f"-----BEGIN PGP {label}-----\r\n{fields}\r\n"
    return f"{head}{text}{total}-----END PGP {label}-----\r\n".encode()


def b64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


def leaf(media_type: str, octets: bytes, more: str = "", encoding: str = "base64") -> bytes:
    """One entity with its headers."""
    head = f"Content-Type: {media_type}\r\n{more}Content-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + (b64(octets) if encoding == "base64" else octets)


def multipart(subtype: str, *entities: bytes, preamble: bytes = b"") -> bytes:
    """A whole mail of these entities."""
    head = FROM + f'Content-Type: multipart/{subtype}; boundary="bnd"\r\n\r\n'.encode() + preamble
    return head + b"".join(b"\r\n--bnd\r\n" + e for e in entities) + b"\r\n--bnd--\r\n"


VERSION = leaf("application/pgp-encrypted", b"Version: 1\r\n", encoding="7bit")
SMIME = 'application/pkcs7-mime; name="smime.p7m"'
