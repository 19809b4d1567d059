"""Links that deceive are seen by the signals that an admin can weigh; the city's own and ordinary newsletters pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Link, Region, RegionKind
from smtp_gate.families.links import LinksParams, examine_link, family, known_suffix, registrable
from tests.families.seen import seen

OWN = Region(RegionKind.OWN)
HTML = "From: a@milwaukee.gov\nTo: b@example.org\nContent-Type: text/html\n\n"
TEXT = "From: a@milwaukee.gov\nTo: b@example.org\n\n"


def signals(target: str, shown: str = "") -> set[str]:
    return set(examine_link(Link(target, shown, "1", OWN), LinksParams(), frozenset({"milwaukee.gov"}))[1])


def found(text: str, params: LinksParams | None = None) -> list[Finding]:
    return list(family.check(seen(text), Facts(), params or LinksParams()))


@pytest.mark.parametrize(
    ("target", "shown", "signal"),
    [
        ("https://evil.example.net/x", "https://www.milwaukee.gov/pay", "shown_ours"),
        ("https://evil.example.net/x", "www.milwaukee.gov", "shown_ours"),
        ("https://evil.example.net/x", "https://bank.example.com/pay", "shown_differs"),
        ("http://192.0.2.7/pay", "", "ip_literal"),
        ("http://2130706433/", "", "ip_literal"),
        ("http://0x7f.1/", "", "odd_host"),
        ("http://ex%61mple.org/", "", "odd_host"),
        ("https://good.example\\@evil.example/", "", "odd_host"),
        ("https://www.milwaukee.gov@evil.example.net/", "", "userinfo"),
        ("https://xn--milwauke-fbg.example/", "", "mixed_script"),
        ("https://bit.ly/abc", "", "shortener"),
        ("https://r.example.net/?u=https%3A%2F%2Fevil.example%2F", "", "nested"),
        ("javascript:alert(1)", "", "script"),
        ("java\tscript:alert(1)", "", "script"),
        ("data:text/html,<b>x", "", "script"),
        ("https://city-login.netlify.app/verify", "", "credentials"),
    ],
)
def test_each_signal(target: str, shown: str, signal: str) -> None:
    if signal == "mixed_script":
        target = "https://milw\u0430ukee.example/"
    assert signal in signals(target, shown)


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("https://city.milwaukee.gov/permits?id=7", "https://city.milwaukee.gov/permits"),
        ("https://city.milwaukee.gov/", "city.milwaukee.gov"),
        ("https://click.news.example.com/r?u=1", "Read more"),
        ("https://milwaukee.legistar.com/Calendar.aspx", ""),
        ("https://www.example.org/", "the example.org homepage"),
        ("mailto:a@milwaukee.gov", "write to us"),
        ("https://EXAMPLE.org./path", "example.org"),
        ("https://example.org:8443/", ""),
        ("not a link at all", ""),
        ("https://example.org/", "report.pdf"),
        ("http://http://www.example.org/books", ""),
        ("http://example.org/\\n", ""),
    ],
)
def test_ordinary_links_have_no_signal(target: str, shown: str) -> None:
    assert signals(target, shown) == set()


def test_one_finding_a_host_with_the_host_alone_as_evidence() -> None:
    bad = '<a href="https://evil.example.net/secret?token=abc">https://www.milwaukee.gov/pay</a>'
    (finding,) = found(HTML + bad + bad)
    assert (finding.evidence, finding.detail) == ("evil.example.net", "shown_ours")


def test_soft_signals_add_up_and_weights_and_trust_are_the_admins() -> None:
    text = TEXT + "see https://bit.ly/abc now"
    assert found(text) == []
    assert len(found(text, LinksParams(weights={"shortener": 60}))) == 1
    assert found(text, LinksParams(weights={"shortener": 60}, trusted=("bit.ly",))) == []
    assert len(found(TEXT + "http://192.0.2.7/login", LinksParams())) == 1


def test_links_in_the_quoted_thread_are_not_the_senders() -> None:
    quoted = "Thanks.\n\nOn Mon, Mar 2, 2026 at 9:00 AM Lee <lee@example.org> wrote:\n> http://192.0.2.7/login\n"
    assert found(TEXT + quoted) == []


def test_registrable_domains() -> None:
    assert registrable("a.b.example.co.uk") == "example.co.uk"
    assert registrable("127.0.0.1") == "127.0.0.1"
    assert known_suffix("example.org")
    assert not known_suffix("report.pdf")


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_link_makes_it_raise(target: str, shown: str) -> None:
    signals(target, shown)
    signals("https://" + target, shown)
