"""Lists of domains: every entry covers itself and what stands below it; damage and foreign lines are told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.adapters.feeds import BadLine, PlainDomains, TrieDomains, domains_in, load, packed
from smtp_gate.core.feeds import FeedError

SOME = ("example.org", "mail.example.net", "bücher.example", "co.example")
LABEL = st.text("abc", min_size=1, max_size=3)
NAMES = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


@pytest.mark.parametrize("kind", ["trie", "plain", "mapped"])
def test_an_entry_covers_what_stands_below_it(tmp_path: Path, kind: str) -> None:
    file = tmp_path / ("x.txt" if kind == "plain" else "x.feed")
    file.write_bytes("\n".join(SOME).encode() if kind == "plain" else packed(SOME))
    domains = load(file, ours=kind == "mapped")
    assert domains.count == 4
    assert {
        d: domains.covers(d) for d in ("example.org", "a.b.example.org", "mail.example.net", "x.bücher.example")
    } == {
        "example.org": "example.org",
        "a.b.example.org": "example.org",
        "mail.example.net": "mail.example.net",
        "x.bücher.example": "bücher.example",
    }
    for other in ("example.net", "org", "anexample.org", "example.org.evil", "", ".", "[192.0.2.1]", "xco.example"):
        assert domains.covers(other) is None, other


def test_the_same_domains_make_the_same_file() -> None:
    assert packed(SOME) == packed([*reversed(SOME), SOME[0]])
    assert TrieDomains(packed(SOME)).id == TrieDomains(packed(SOME)).id != TrieDomains(packed(SOME[1:])).id


@given(st.lists(NAMES, min_size=1, max_size=12), st.lists(NAMES, max_size=12))
def test_trie_and_set_agree(entries: list[str], asked: list[str]) -> None:
    trie, plain = TrieDomains(packed(entries)), PlainDomains("\n".join(entries).encode())
    for domain in (*entries, *asked, *(f"x.{d}" for d in asked)):
        assert trie.covers(domain) == plain.covers(domain)
        assert (trie.covers(domain) is not None) is any(domain == e or domain.endswith(f".{e}") for e in entries)


@pytest.mark.parametrize(
    "octets",
    [b"", b"example.org\n", packed(SOME)[:-1], packed(SOME) + b"\0", packed(SOME)[:-9] + b"x" + packed(SOME)[-8:]],
)
def test_a_damaged_or_foreign_file_is_a_mistake(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "x.feed").write_bytes(octets)
    for ours in (False, True):
        with pytest.raises(FeedError):
            load(tmp_path / "x.feed", ours=ours)


def test_an_empty_list_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="single entry"):
        packed([])
    with pytest.raises(FeedError, match="single entry"):
        PlainDomains(b"# nothing\n")
    with pytest.raises(FeedError, match="line 2"):
        PlainDomains(b"example.org\nexample org\n")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# free\n\nExample.ORG  # why\r\nexample.net.\n", ["example.org", "example.net"]),
        ("\ufeffexample.org", ["example.org"]),
        (
            "0.0.0.0 a.example b.example # bad\n127.0.0.1 localhost\n::1 localhost\n:: c.example\n0.0.0.0 0.0.0.0\n",
            ["a.example", "b.example", "c.example"],
        ),
        (
            "xn--bcher-kva.example\nbücher.example\n*.example.org\n.example.net",
            ["bücher.example", "bücher.example", "example.org", "example.net"],
        ),
        ('[\n "a.example",\n "b.example"]', ["a.example", "b.example"]),
    ],
)
def test_lists_as_they_are_published(text: str, names: list[str]) -> None:
    assert list(domains_in(text.encode())) == names


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("example.org\nno domain\n", 2),
        ("com\n", 1),
        ("192.0.2.1\n", 1),
        ("[192.0.2.1]\n", 1),
        ("a..example\n", 1),
        ("0.0.0.0 a.example bad_name.example\n", 1),
        ("a.example\n\n# x\nhttps://b.example/\n", 4),
        ('[\n "a.example",\n "com"]', 3),
        ('[\n "a.example",\n 7]', 2),
        ('[\n "a.example",\n', 3),
        ("[" * 100_000, 1),
        ("a.example\n\xff\xfe.example", 2),
    ],
)
def test_a_line_that_is_no_domain_is_told(text: str, line: int) -> None:
    bad = [found for found in domains_in(text.encode("latin-1")) if isinstance(found, BadLine)]
    assert [b.line for b in bad] == [line]


@given(st.binary(max_size=300))
def test_no_octets_make_it_raise(octets: bytes) -> None:
    for found in domains_in(octets):
        assert isinstance(found, str | BadLine)
