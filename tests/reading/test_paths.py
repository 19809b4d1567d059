"""Envelope paths: the strict grammar, the replies, and that nothing judged differs from what is relayed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.core.message import Direction, Listener, Path
from smtp_gate.reading.paths import MailCommand, PathError, parse_address, parse_mail, parse_rcpt


def mail(argument: bytes, *, smtputf8: bool = False) -> MailCommand:
    parsed = parse_mail(argument, smtputf8=smtputf8)
    assert isinstance(parsed, MailCommand), parsed
    return parsed


def code(parsed: MailCommand | PathError) -> str:
    assert isinstance(parsed, PathError), parsed
    assert parsed.reply.code == parsed.code
    return f"{parsed.code} {parsed.enhanced}"


def test_path_and_parameters_stay_verbatim_in_order() -> None:
    parsed = mail(b"FROM:<DOkafor@Milwaukee.GOV> SIZE=3000 body=8BITMIME ENVID=QQ+2B ")
    assert parsed.path == Path(b"DOkafor@Milwaukee.GOV", "DOkafor", "milwaukee.gov")
    assert parsed.params == (b"SIZE=3000", b"body=8BITMIME", b"ENVID=QQ+2B")


def test_null_path_is_a_sender_only_and_bare_postmaster_a_recipient_only() -> None:
    assert mail(b"from:<>").path.is_null
    assert code(parse_rcpt(b"TO:<>", smtputf8=False)) == "501 5.1.3"
    bare = parse_rcpt(b"TO:<PostMaster>", smtputf8=False)
    assert bare == MailCommand(Path(b"PostMaster", "postmaster"))
    assert code(parse_mail(b"FROM:<postmaster>", smtputf8=False)) == "501 5.1.7"


@pytest.mark.parametrize(
    ("raw", "local", "domain"),
    [
        (b"a.b+c=d?e@x-y.example", "a.b+c=d?e", "x-y.example"),
        (b'"john doe"@example.org', "john doe", "example.org"),
        (b'"a>b@c\\"\\\\d"@example.org', 'a>b@c"\\d', "example.org"),
        (b"a@[192.0.2.1]", "a", "[192.0.2.1]"),
        (b"a@[IPv6:2001:DB8::1]", "a", "[ipv6:2001:db8::1]"),
        (b"a@xn--mnchen-3ya.example", "a", "m\u00fcnchen.example"),
        (b"a@xn--zzzzzz999.example", "a", "xn--zzzzzz999.example"),
        (b"l" * 64 + b"@example.org", "l" * 64, "example.org"),
    ],
)
def test_accepted_paths(raw: bytes, local: str, domain: str) -> None:
    assert mail(b"FROM:<" + raw + b">").path == Path(raw, local, domain)
    assert parse_rcpt(b"to:<" + raw + b">", smtputf8=False) == MailCommand(Path(raw, local, domain))


@pytest.mark.parametrize(
    "inner",
    [
        b"@a.example,@b.example:c@d.example",
        b"a(comment)@b.example",
        b"(comment)a@b.example",
        b"=?utf-8?q?ok=40c.d=3e=0d=0aRCPT=20TO:=3cv=40e.example=3e=0d=0aNOOP=20=3cx?=@b.c",
        b'"=?utf-8?q?ok?="@b.example',
        b"a",
        b"a@",
        b"@b.example",
        b".a@b.example",
        b"a.@b.example",
        b"a..b@c.example",
        b"a@b..c",
        b"a@.b",
        b"a@b.",
        b"a@-b.example",
        b"a@b-.example",
        b"a@b_c.example",
        b"a@b@c.example",
        b"a b@c.example",
        b"a @c.example",
        b" a@c.example",
        b"a@c.example ",
        b'"a"b@c.example',
        b'"a@c.example',
        b'""@c.example',
        b"a@[1.2.3]",
        b"a@[1.2.3.4",
        b"a@[IPv6:1::2::3]",
        b"a@[IPv6:fe80::1%eth0]",
        b"a@[tag:x]",
        b"l" * 65 + b"@b.example",
        b"a@" + b"d" * 64 + b".example",
        b"a@" + b"d" * 63 + b"." + b"d" * 63 + b"." + b"d" * 63 + b"." + b"d" * 63,
    ],
)
def test_refused_paths(inner: bytes) -> None:
    assert code(parse_mail(b"FROM:<" + inner + b">", smtputf8=True)) == "501 5.1.7"
    assert code(parse_rcpt(b"TO:<" + inner + b">", smtputf8=True)) == "501 5.1.3"


@pytest.mark.parametrize(
    "argument",
    [
        b"",
        b"<a@b.c>",
        b"FROM:",
        b"FROM:a@b.c",
        b"FROM: <a@b.c>",
        b"FROM :<a@b.c>",
        b"FROM:<a@b.c",
        b"FROM:<a@b.c>SIZE=1",
    ],
)
def test_the_frame_must_be_exact(argument: bytes) -> None:
    assert code(parse_mail(argument, smtputf8=False)) == "501 5.1.7"


@pytest.mark.parametrize("octet", [*range(32), 127])
def test_control_characters_are_refused_anywhere(octet: int) -> None:
    bad = bytes([octet])
    for argument in (b"FROM:<a" + bad + b"@b.c>", b"FROM:<a@b.c>" + bad, b'FROM:<"a' + bad + b'"@b.c>', bad + b"x"):
        assert code(parse_mail(argument, smtputf8=True)) == "500 5.5.2"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (b" =1", "501 5.5.4"),
        (b" SIZE=", "501 5.5.4"),
        (b" A=b=c", "501 5.5.4"),
        (b" -A=b", "501 5.5.4"),
        (b" A=1 a=2", "501 5.5.4"),
    ],
)
def test_bad_parameters(rest: bytes, expected: str) -> None:
    assert code(parse_rcpt(b"TO:<a@b.c>" + rest, smtputf8=False)) == expected


def test_unicode_needs_the_extension_and_the_parameter() -> None:
    argument = "FROM:<j\u00f6rg@m\u00fcnchen.example>".encode()
    assert code(parse_mail(argument, smtputf8=False)) == "553 5.6.7"
    assert code(parse_mail(argument, smtputf8=True)) == "553 5.6.7"
    path = mail(argument + b" SMTPUTF8", smtputf8=True).path
    assert (path.local, path.domain) == ("j\u00f6rg", "m\u00fcnchen.example")
    assert code(parse_rcpt(b"TO:<\xff@b.c>", smtputf8=True)) == "500 5.5.2"
    assert code(parse_rcpt("TO:<a\u0085@b.c>".encode(), smtputf8=True)) == "500 5.5.2"


@pytest.mark.parametrize("domain", ["\uff47\uff4dail.com", "gma\u200bil.com", "a\uff0eb"])
def test_a_domain_that_only_mapping_would_make_is_refused(domain: str) -> None:
    assert code(parse_rcpt(f"TO:<a@{domain}>".encode(), smtputf8=True)) == "501 5.1.3"


def test_addresses_of_settings() -> None:
    assert parse_address("Dana@Milwaukee.gov") == Path(b"Dana@Milwaukee.gov", "Dana", "milwaukee.gov")
    assert parse_address("<>") == Path(b"")
    for text in ("", "dana", "<a@b.c>", "a@b.c\n", "a b@c.d", "a@b.c, d@e.f", "\ud800@b.c"):
        assert parse_address(text) is None


@given(st.binary(max_size=80), st.booleans())
def test_whatever_is_accepted_holds_no_way_out_of_the_command(inner: bytes, smtputf8: bool) -> None:
    for parsed in (parse_mail(b"FROM:" + inner, smtputf8=smtputf8), parse_rcpt(b"TO:" + inner, smtputf8=smtputf8)):
        if isinstance(parsed, MailCommand):
            assert inner.startswith(b"<" + parsed.path.raw + b">")
            assert all(o >= 32 and o != 127 for p in (parsed.path.raw, *parsed.params) for o in p)


@given(st.from_regex(rb"<[a-z.\"\\ @<>]{0,12}@[a-z.\[\]-]{1,8}>( [A-Z]=[a-z]){0,2}", fullmatch=True))
def test_the_path_is_what_stands_between_the_brackets(argument: bytes) -> None:
    parsed = parse_rcpt(b"TO:" + argument, smtputf8=False)
    if isinstance(parsed, MailCommand):
        assert parsed.path.raw == argument[1:].rpartition(b"> ")[0] or argument == b"<" + parsed.path.raw + b">"
        assert parse_address(parsed.path.raw.decode()) == parsed.path or parsed.path.local == "postmaster"


@pytest.mark.parametrize(
    "local", ["victim%evil.example", "evil.example!victim", '"victim@evil.example"', r'"evil.example\!victim"']
)
def test_an_address_that_its_server_would_pass_on_is_not_ours(local: str) -> None:
    ours = Listener("inbound", Direction.INBOUND, internal_domains=frozenset({"milwaukee.gov"}))
    parsed = parse_rcpt(f"TO:<{local}@milwaukee.gov>".encode(), smtputf8=False)
    assert isinstance(parsed, MailCommand)
    assert parsed.path.is_rerouted
    assert not ours.is_internal(parsed.path)
    plain = parse_address("dana@milwaukee.gov")
    assert plain is not None
    assert ours.is_internal(plain)
