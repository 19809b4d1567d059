"""The contractor's statement counts in the signature of the own text, in any ordinary spelling, and nowhere else."""

import pytest
from pydantic import ValidationError

from smtp_gate.core.facts import Account
from smtp_gate.families.signature import SignatureParams, family
from tests.builders import envelope
from tests.families.seen import CARLA, knowing, seen

HEAD = "From: Carla Diaz <cdiaz@milwaukee.gov>\nTo: bids@builder.example\nSubject: visit\n"
LINE = "Contractor, not an employee of the City of Milwaukee"
FROM_CARLA = envelope("cdiaz@milwaukee.gov")
HTML = "Content-Type: text/html; charset=utf-8\n"
QUOTE = f"On Mon, Mar 2, 2026 at 9:00 AM Sam <sam@milwaukee.gov> wrote:\n> Shall we meet?\n> -- \n> Sam\n> {LINE}\n"
FIELDS = "From: Sam Okonkwo\nSent: Monday, March 2, 2026 9:00 AM\nTo: Carla Diaz\nSubject: visit\n"
PROSE = "The bridge was looked at on both sides, and what we saw is written up in the report.\n"


def missing(text: str, *accounts: Account, headers: str = "", params: SignatureParams | None = None) -> bool:
    view = seen(HEAD + headers + "\n" + text, FROM_CARLA)
    return bool(list(family.check(view, knowing(*(accounts or (CARLA,))), params or SignatureParams())))


def of_parts(kind: str, *parts: str) -> tuple[str, str]:
    """Header and body of a multipart; every part begins with its own header."""
    body = "".join(f"--b{kind}\n{part}\n" for part in parts) + f"--b{kind}--\n"
    return f"MIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=b{kind}\n", body


@pytest.mark.parametrize(
    "signature",
    [
        f"-- \nCarla Diaz\n{LINE}",
        f"--\nCarla Diaz\n{LINE.upper()}",
        "Regards,\nCarla Diaz\ncontractor - not an employee\nof the city of Milwaukee",
        "-- \nCarla\nNON-CITY EMPLOYEE",
        "-- \nCarla\nNot a City Employee.",
        "-- \nCarla\nnot\nan\nemployee\nof\nthe\ncity",
        "-- \nCarla\nNon\u2011City employee",
        "-- \nCarla\nNon\u2013City employee",
        "-- \nCarla\nNon\u2014City employee",
        "-- \nCarla\nnon city employee",
        "-- \nCarla\nnoncity employee",
        "-- \nCarla\n\u2022 Contractor\n\u2022 Not an employee of the City",
        "-- \nCarla\nNot\u00a0an\u00a0employee of\u2009the City",
        "-- \nCarla\n\u201cNot an employee of the City\u201d",
        "-- \nCarla\n*not an employee of the city*",
        "-- \nCarla\n_Not an employee of the City of Milwaukee_",
        f"Carla Diaz | {LINE} | 414-555-0100",
        "-- \nCarla | not an employee | of the city",
        "-- \nCarla\nNot an em\u00adployee of the ci\u200bty",
    ],
)
def test_the_statement_in_any_ordinary_spelling_is_enough(signature: str) -> None:
    assert not missing(f"Friday is fine.\n\n{signature}\n")


def test_flowed_lines_are_one() -> None:
    flowed = "Content-Type: text/plain; charset=utf-8; format=flowed\n"
    assert not missing("Friday is fine.\n\n-- \nCarla\nContractor, not an employee of \nthe City\n", headers=flowed)


@pytest.mark.parametrize(
    "said",
    [
        "I am an employee of the City",
        "Not a contractor, an employee of the City",
        "not a contractor for the city",
        "I am no longer a contractor to the City",
        "I'm not currently a contractor to the City",
        "I never was a contractor; it isn't a contractor to the City",
        "not a non-city employee",
        "not an employees of the city",
        "not an occasional employee of the city",
        "cannot an employee of the city",
    ],
)
def test_its_opposite_and_what_is_like_it_are_not(said: str) -> None:
    assert missing(f"Friday is fine.\n\n-- \nCarla Diaz\n{said}\n")


def test_without_tolerance_the_wording_is_taken_by_the_letter() -> None:
    exact = SignatureParams(statements=("not an employee of the City",), tolerant=False)
    assert not missing("Friday.\n\n-- \nCarla\nnot an employee of the City\n", params=exact)
    assert missing("Friday.\n\n-- \nCarla\nNot an employee of the City\n", params=exact)
    assert missing("Friday.\n\n-- \nCarla\nnot an employee of the Cityhood\n", params=exact)


@pytest.mark.parametrize(
    ("params", "line"),
    [(SignatureParams(), "not an employee of the city"), (SignatureParams(line=LINE), LINE)],
)
def test_the_finding_says_what_is_missing_and_what_to_add(params: SignatureParams, line: str) -> None:
    view = seen(HEAD + "\nFriday is fine.\n\n-- \nCarla Diaz\n", FROM_CARLA)
    (finding,) = family.check(view, knowing(CARLA), params)
    assert (finding.detail, finding.evidence) == ("statement_missing", "contractor without statement")
    assert finding.said == line
    assert not missing(f"Friday is fine.\n\n-- \nCarla Diaz\n{line}\n", params=params)


def test_a_line_that_would_not_be_enough_is_refused() -> None:
    with pytest.raises(ValidationError, match="statements"):
        SignatureParams(line="Contractor")


@pytest.mark.parametrize(
    "text",
    [
        f"Friday is fine.\n\n-- \nCarla\n{LINE}\n\n{QUOTE}",
        f"{QUOTE}\nFriday is fine.\n\nCarla\n{LINE}\n",
        f"Hello Sam,\n> Shall we meet?\nYes.\n> Where?\nAt the bridge.\n\nCarla\n{LINE}\n",
        f"Hello Sam, see below.\n\n-- \nCarla\n{LINE}\n\n> Shall we meet?\nYes.\n> Where?\nAt the bridge.\n",
        f"Friday.\n\nCarla\n{LINE}\n\n-----Original Message-----\n{FIELDS}\nShall we meet?\n",
        f"Friday.\n\nCarla\n{LINE}\n\n{QUOTE}\n_______________________________________________\nlist\nlist@lists.example\n",
    ],
)
def test_it_counts_above_below_and_between_quotes(text: str) -> None:
    assert not missing(text)


@pytest.mark.parametrize(
    "quote",
    [
        QUOTE,
        f"> Sam\n> {LINE}\n",
        f"-----Original Message-----\n{FIELDS}\nShall we meet?\n\nSam\n{LINE}\n",
        f"________________________________\n{FIELDS}\nShall we meet?\n\nSam\n{LINE}\n",
        f"Am 02.03.2026 um 09:00 schrieb Sam <sam@milwaukee.gov>:\n\nTreffen?\n\nSam\n{LINE}\n",
        f"Le lun. 2 mars 2026 \u00e0 09:00, Sam <sam@milwaukee.gov> a \u00e9crit :\n\nBonjour\n\nSam\n{LINE}\n",
        f"El lun, 2 mar 2026 a las 9:00, Sam (<sam@milwaukee.gov>) escribi\u00f3:\n\nHola\n\nSam\n{LINE}\n",
        f"---------- Forwarded message ---------\n{FIELDS}\nShall we meet?\n\nSam\n{LINE}\n",
        f"Begin forwarded message:\n\n{FIELDS}\nShall we meet?\n\nSam\n{LINE}\n",
        f">>> Sam Okonkwo <sam@milwaukee.gov> 03/02/26 09:00AM >>>\nShall we meet?\n\nSam\n{LINE}\n",
    ],
)
def test_one_in_a_quote_or_a_forward_is_another_persons(quote: str) -> None:
    assert missing(f"Friday is fine.\n\nCarla\n\n{quote}")
    assert not missing(f"Friday is fine.\n\nCarla\n{LINE}\n\n{quote}")


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote"><div class="gmail_attr">On Monday Sam wrote:<br></div><blockquote>{}</blockquote></div>',
        "<blockquote type='cite'>{}</blockquote>",
        '<hr><div id="divRplyFwdMsg"><b>From:</b> Sam<br><b>Sent:</b> Monday</div><div>{}</div>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><b>From:</b> Sam</div><p>{}</p>',
        '<div class="moz-forward-container">-------- Forwarded Message --------<p>{}</p></div>',
        '<div id="appendonsend"></div><div>{}</div>',
    ],
)
def test_so_is_one_in_a_quoted_element(quote: str) -> None:
    others = quote.format(f"Shall we meet?<br>Sam<br>{LINE}")
    assert missing(f"<div>Friday is fine.</div><div>Carla</div>{others}", headers=HTML)
    assert not missing(f"<div>Friday is fine.</div><div>Carla<br>{LINE}</div>{others}", headers=HTML)


def test_far_above_the_signature_it_does_not_count() -> None:
    first = f"I write as a {LINE.lower()}.\n"
    assert missing(f"{first}{PROSE * 20}\nCarla\n")
    assert missing(f"{first}{PROSE * 20}\n-- \nCarla\n")
    assert missing(f"<p>{first}</p>" + f"<p>{PROSE * 6}</p>" * 6 + "<p>Carla</p>", headers=HTML)
    assert not missing(f"{PROSE * 20}\nCarla\n{LINE}\nPublic Works\n")


@pytest.mark.parametrize("phone", ["Sent from my iPhone", "Get Outlook for iOS", "Von meinem iPhone gesendet"])
def test_a_phone_signs_for_nobody(phone: str) -> None:
    assert missing(f"Friday is fine.\n\n{phone}\n")
    assert not missing(f"Friday is fine.\n\nCarla\n{LINE}\n\n{phone}\n")
    assert not missing(f"Friday is fine.\n\n{phone}\n{LINE}\n")
    assert not missing(f"Friday is fine.\n\n{phone}\n{LINE}\n\n{QUOTE}")


@pytest.mark.parametrize(
    "said",
    [
        f"Carla Diaz<br>{LINE.replace('not an', 'not&nbsp;an')}",
        "<b>Contractor</b>, not <span>an</span> emp<i>loy</i>ee of<br>the City",
        "<table><tr><td>Carla</td><td>Contractor</td><td>not an employee</td></tr><tr><td>of the City</td></tr></table>",
        "<ul><li>Carla</li><li>non&#8209;city employee</li></ul>",
        "<font color='#ffffff'><span style='color:#000'>x</span></font><p>not an employee of the city</p>",
        f'<div class="gmail_signature">Carla<div>{LINE}</div></div>',
        f'<div style="background:#003366"><span style="color:white">{LINE}</span></div>',
    ],
)
def test_html_mail_is_read_as_people_see_it(said: str) -> None:
    assert not missing(f"<p>Friday is fine.</p><p>{said}</p>", headers=HTML)
    assert missing("<p>Friday is fine.</p><p>Carla Diaz</p>", headers=HTML)


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">{}</div>',
        '<div style="display: none !important"><p>{}</p></div>',
        '<span style="font-size:0">{}</span>',
        '<span style="color:#ffffff">{}</span>',
        '<font color="white">{}</font>',
        '<div style="visibility:hidden">{}</div>',
        "<div hidden>{}</div>",
        '<style>.x{{display:none}}</style><p class="x">{}</p>',
        "<!-- {} -->",
        "<title>{}</title>",
        '<img src="x.png" alt="{}">',
        '<div style="display:none">&#15;{}</div>',
    ],
)
def test_what_nobody_sees_identifies_nobody(hidden: str) -> None:
    assert missing(f"<p>Friday is fine.</p><p>Carla Diaz</p>{hidden.format(LINE)}", headers=HTML)
    assert not missing(f"<p>Friday is fine.</p><p>Carla<br>{LINE}</p>{hidden.format('else')}", headers=HTML)


PLAIN = "Content-Type: text/plain; charset=utf-8\n\nFriday is fine.\n\nCarla\n"
PAGE = "Content-Type: text/html; charset=utf-8\n\n<p>Friday is fine.</p><p>Carla</p>"
PLAIN_SIGNED, PAGE_SIGNED = f"{PLAIN}{LINE}\n", f"{PAGE}<p>{LINE}</p>"
STUB = "Content-Type: text/plain\n\nYour mail program does not show HTML.\n"


@pytest.mark.parametrize(
    ("parts", "lacks"),
    [
        ((PLAIN_SIGNED, PAGE_SIGNED), False),
        ((PLAIN, PAGE_SIGNED), False),
        ((STUB, PAGE_SIGNED), False),
        ((PLAIN_SIGNED, PAGE), True),
        ((PLAIN, PAGE), True),
        ((PLAIN_SIGNED, "Content-Type: text/html\n\n<img src='cid:logo'>"), False),
        ((PLAIN, "Content-Type: text/html\n\n<img src='cid:logo'>"), True),
        ((PLAIN_SIGNED, "Content-Type: multipart/related; boundary=r\n\n--r\n" + PAGE + "\n--r--\n"), True),
        ((PLAIN, "Content-Type: multipart/related; boundary=r\n\n--r\n" + PAGE_SIGNED + "\n--r--\n"), False),
    ],
)
def test_of_alternatives_the_page_must_have_it(parts: tuple[str, ...], lacks: bool) -> None:
    headers, body = of_parts("alternative", *parts)
    assert missing(body, headers=headers) is lacks


MARKDOWN = PLAIN.replace("text/plain", "text/markdown")
AMP = PAGE.replace("text/html", "text/x-amp-html")


@pytest.mark.parametrize(
    "parts",
    [
        (PLAIN_SIGNED, MARKDOWN),
        (PLAIN_SIGNED, AMP),
        (PLAIN_SIGNED, AMP, PAGE_SIGNED),
        (PAGE_SIGNED, PAGE),
        (PAGE, PAGE_SIGNED),
        (PLAIN_SIGNED, PLAIN),
        (PAGE_SIGNED.replace("text/html", "application/xhtml+xml"), PAGE),
        (PLAIN_SIGNED, "Content-Type: text/html\n\n<div class=gmail_quote><p>Friday is fine.</p></div>"),
    ],
)
def test_each_alternative_that_may_be_shown_must_have_it(parts: tuple[str, ...]) -> None:
    headers, body = of_parts("alternative", *parts)
    assert missing(body, headers=headers)


@pytest.mark.parametrize(
    ("parts", "lacks"),
    [
        ((PLAIN, f"Content-Type: text/plain; name=note.txt\nContent-Disposition: attachment\n\n{LINE}\n"), True),
        ((PLAIN, f"Content-Type: message/rfc822\n\n{HEAD}\nHello\n\n-- \nCarla\n{LINE}\n"), True),
        (
            (PLAIN, "Content-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n", f"Content-Type: text/plain\n\n{LINE}\n"),
            False,
        ),
        ((PLAIN_SIGNED, "Content-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n"), False),
    ],
)
def test_attachments_sign_nothing(parts: tuple[str, ...], lacks: bool) -> None:
    headers, body = of_parts("mixed", *parts)
    assert missing(body, headers=headers) is lacks


@pytest.mark.parametrize(
    "quote",
    [
        f"Sam Okonkwo wrote:\n\nYes.\n--\nSam\n{LINE}\n",
        f"Sam Okonkwo wrote:\n\nHi Carla,\nyes.\n\nSam\n{LINE}\n",
        f"| Shall we meet?\n| Sam\n| {LINE}\n",
        f"_____________\nFrom: Sam\n\nYes.\n\nSam\n{LINE}\n",
    ],
)
def test_a_quote_that_little_announces_is_another_persons(quote: str) -> None:
    assert missing(f"Friday is fine.\n\n{quote}")
    assert not missing(f"Friday is fine.\n\n-- \nCarla\n{LINE}\n\n{quote}")


def test_so_is_one_below_a_rule_and_a_sender() -> None:
    below = f"<hr><p><b>From:</b> Sam</p><p>Yes.</p><p>Sam<br>{LINE}</p>"
    assert missing(f"<p>Friday is fine.</p><p>Carla</p>{below}", headers=HTML)
    assert not missing(f"<p>Friday is fine.</p><p>Carla<br>{LINE}</p>{below}", headers=HTML)


def test_what_the_author_signs_below_is_the_authors() -> None:
    assert not missing(f"Sam Okonkwo wrote:\n\nthe bridge is closed.\n\nCarla Diaz\n{LINE}\n")
