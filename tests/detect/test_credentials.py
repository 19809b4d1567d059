"""The shipped detectors of passwords, keys and tokens: hits and misses put together as the test runs, values, evidence."""

import base64
import json
import random
import re
import string
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from smtp_gate.detect.engine import Engine
from smtp_gate.ruleset.build import BuildSettings, load
from tests.detect.texts import found, text

PAGES = Path(__file__).parent / "pages" / "drawn"
NAMES = ("token", "private_key", "secret")
PACK = Path(__file__).parents[2] / "rules" / "credentials.yaml"
ACTS = ("high", "medium")
ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "base64": string.ascii_letters + string.digits + "+/",
    "digits": string.digits,
    "hex": "0123456789abcdef",
}


def drawing(seed: int | str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - only to look random, and the same each time


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def openssh(cipher: bytes) -> str:
    head = b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher
    body = base64.b64encode(head + drawing(5).randbytes(180)).decode()
    return "\n".join(body[i : i + 70] for i in range(0, len(body), 70))


def body(lines: int) -> str:
    return "\n".join(base64.b64encode(drawing(i).randbytes(48)).decode() for i in range(lines))


def put_together(sample: str, rng: random.Random) -> str:
    """The sample with its secrets drawn, so that no file holds what looks like one."""

    def piece(found: re.Match[str]) -> str:
        name, size = found[1], found[2]
        if name == "x":
            return str(size)
        if size:
            return "".join(rng.choices(ALPHABETS[name], k=int(size)))
        head = b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        return {
            "private": "PRIVATE",
            "body": body(8),
            "oneline": body(1),
            "openssh": openssh(b"none"),
            "locked": openssh(b"aes256-ctr"),
            "basic": base64.b64encode(b"jdoe:Harbor77").decode(),
            "jwt": f"{head}.{b64(b'{}' + rng.randbytes(20))}.{b64(rng.randbytes(32))}",
        }[str(name)]

    names = "|".join((*ALPHABETS, "x", "private", "body", "oneline", "openssh", "locked", "basic", "jwt"))
    return re.sub(rf"\{{({names})(?::(\w+))?\}}", piece, sample)


@cache
def engine() -> Engine:
    loaded = load([PACK], BuildSettings(frozenset({"milwaukee.gov"}), ZoneInfo("America/Chicago"), "Ask."))
    assert loaded.ruleset is not None, loaded.mistakes
    return loaded.ruleset.engine


@cache
def corpus(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((PAGES / f"{name}.yaml").read_text("utf-8"))
    return read


def samples(kind: str) -> list[tuple[str, str]]:
    return [(name, sample) for name in NAMES for sample in corpus(name)[kind]]


def acted_on(name: str, sample: str) -> list[tuple[str, str, str]]:
    content = put_together(sample, drawing(sample))
    return [f for f in found(engine(), content) if f[0] in corpus(name)["detectors"] and f[1] in ACTS]


@pytest.mark.parametrize(("name", "sample"), samples("hits"))
def test_hit(name: str, sample: str) -> None:
    assert acted_on(name, sample)


@pytest.mark.parametrize(("name", "sample"), samples("misses"))
def test_miss(name: str, sample: str) -> None:
    assert acted_on(name, sample) == []


def test_the_pages_are_no_handful() -> None:
    assert [n for n in NAMES if min(len(set(corpus(n)["hits"])), len(set(corpus(n)["misses"]))) < 30] == []


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("password: Lakefront#42.", "Lakefront#42"),
        ('The password is "Harbor77", jdoe', "Harbor77"),
        ("user=gate;password=Harbor77;host=db", "Harbor77"),
        ("login: jdoe / Winter#2025, ask me", "Winter#2025"),
        ("<password>Harbor77</password>", "Harbor77"),
        ("username,password,site\njdoe,Harbor77,x", "Harbor77"),
        ("postgres://gate:Lakefront42@db/permits", "Lakefront42"),
        ("Harbor77 is the password", "Harbor77"),
    ],
)
def test_the_value_alone_is_taken(content: str, value: str) -> None:
    assert value in [v for _, _, v in found(engine(), content)]


def test_a_meeting_code_is_low_and_counted_no_more() -> None:
    invitation = "Meeting ID: 812 3456 7890\nPasscode: 4H7xQ2"
    assert [level for _, level, _ in found(engine(), invitation)] == ["low"]


def test_nothing_of_a_value_is_in_the_evidence() -> None:
    matches = engine().scan([text("password: Lakefront#42 and postgres://gate:Harbor77@db/x")])
    assert len(matches) == 2
    assert not any(c.isalnum() for m in matches for c in m.evidence)


@pytest.mark.parametrize(
    "seed",
    ["password ", "password: x ", "pw is pw is ", "password for a b c d e f ", "login: a / b ", "secret=", "token: abcd ",
     "a,password,b\n", "-----BEGIN RSA KEY-----\n", "eyJ" + "a" * 50 + ".", "http://a:b", "x is the password "],
)  # fmt: skip
def test_hostile_text_is_bounded(seed: str) -> None:
    # What is beyond the budget of a scan is told as such; the test's own time-out is the bound.
    engine().search([text((seed * 500_000)[:2_000_000])])
