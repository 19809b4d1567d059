"""Who must state that they are a contractor, and which mail carries no signature at all."""

from dataclasses import replace

import pytest

from smtp_gate.core.facts import Account, Standing
from smtp_gate.core.message import Client, Proof
from smtp_gate.families.signature import SignatureParams, family
from tests.builders import envelope
from tests.families.seen import CARLA, DANA, knowing, seen
from tests.families.test_signature import FIELDS, HEAD, HTML, LINE, PLAIN, QUOTE, missing, of_parts
from tests.reading import sealed_samples


def of_nobody(text: str, headers: str = "") -> bool:
    view = seen(f"{HEAD}{headers}\n{text}", envelope(""))
    return bool(list(family.check(view, knowing(CARLA), SignatureParams())))


@pytest.mark.parametrize(
    "account",
    [
        DANA,
        replace(CARLA, status="employee"),
        replace(CARLA, kind="shared"),
        replace(CARLA, kind="service"),
        replace(CARLA, standing=Standing.ENDED),
        replace(CARLA, standing=Standing.NOT_YET),
    ],
)
def test_employees_and_accounts_of_nobody_are_not_asked(account: Account) -> None:
    assert not missing("Friday is fine.", replace(account, address="cdiaz@milwaukee.gov"))


@pytest.mark.parametrize("status", ["contractor", "vendor", "agent", "Contractor"])
def test_every_status_of_the_policy_is_asked(status: str) -> None:
    assert missing("Friday is fine.", replace(CARLA, status=status))


def test_nobody_asks_of_whom_nobody_knows() -> None:
    assert not missing("Friday is fine.", DANA)


FORWARD = f"---------- Forwarded message ---------\n{FIELDS}\nShall we meet?\n"


REPLY = "In-Reply-To: <a@b.example>\n"


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("", ""),
        ("\n \n", ""),
        (FORWARD, ""),
        (f"-----Original Message-----\n{FIELDS}\nShall we meet?\n", ""),
        (QUOTE, REPLY),
        (QUOTE, "References: <a@b.example>\n"),
        ("> Shall we meet?\n", REPLY),
        (f"\n\n[cid:image001.png@01D]\n\n{FORWARD}", ""),
    ],
)
def test_mail_without_own_words_is_exempt_unless_the_rule_says_otherwise(text: str, headers: str) -> None:
    assert not missing(text, headers=headers)
    assert missing(text, headers=headers, params=SignatureParams(empty_forwards="require"))


@pytest.mark.parametrize("text", ["> Your price is the lowest.\n", QUOTE])
def test_signs_of_quoting_in_what_answers_nothing_are_its_authors(text: str) -> None:
    assert missing(text)
    assert missing(text, headers="In-Reply-To: \n")


LETTER = "<p>Dear bidder, your price is the lowest.</p><p>Carla</p>"


@pytest.mark.parametrize(
    "claimed",
    [
        "<div class=gmail_quote>{}</div>",
        "<div class=yahoo_quoted>{}</div>",
        "<div class=moz-forward-container>{}</div>",
        "<div class=protonmail_quote>{}</div>",
        "<div id=divRplyFwdMsg></div>{}",
        "<div id=appendonsend></div>{}",
        "<span id=OLK_SRC_BODY_SECTION>{}</span>",
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt'></div>{}",
        "<blockquote type=cite style='margin:0;border:0 solid rgb(1,1,1);padding:0'>{}</blockquote>",
        "<style>blockquote{{margin:0}}</style><blockquote type=cite>{}</blockquote>",
        "<div style='display:none'>-----Original Message-----</div>{}",
        "<div style='color:#fff'>---------- Forwarded message ---------</div>{}",
        "<style>.z{{color:#000 !important}}</style><div class=z style='display:none'>{}</div>",
    ],
)
def test_a_quote_that_no_recipient_sees_is_a_letter(claimed: str) -> None:
    assert missing(claimed.format(LETTER), headers=f"{HTML}{REPLY}")


@pytest.mark.parametrize(
    "quote",
    [
        "<blockquote type=cite>{}</blockquote>",
        "<blockquote style='margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex'>{}</blockquote>",
        "<blockquote style='border:none;border-left:solid #1010FF 1.5pt;margin:0in'>{}</blockquote>",
        "<div class=gmail_quote><div class=gmail_attr>On Mon, Mar 2, 2026 at 9:00 AM Sam &lt;s@x.example&gt; wrote:</div>{}</div>",
    ],
)
def test_one_that_they_see_is_a_quote(quote: str) -> None:
    assert not missing(quote.format(LETTER), headers=f"{HTML}{REPLY}")


@pytest.mark.parametrize("words", ["See below.", "-- \nCarla Diaz", "Sent from my iPhone"])
def test_with_own_words_a_forward_is_not_empty(words: str) -> None:
    assert missing(f"{words}\n\n{FORWARD}")
    assert not missing(f"{words}\n{LINE}\n\n{FORWARD}")


def test_a_forward_in_html_or_as_an_attachment_may_be_empty_too() -> None:
    quote = (
        '<div><br></div><div class="gmail_quote">---------- Forwarded message ---------<br>From: Sam<br><br>Hi</div>'
    )
    assert not missing(quote, headers="Content-Type: text/html\n")
    headers, body = of_parts("mixed", "Content-Type: text/plain\n\n\n", f"Content-Type: message/rfc822\n\n{HEAD}\nHi\n")
    assert not missing(body, headers=headers)


def test_of_what_is_encrypted_as_a_whole_nobody_can_tell() -> None:
    octets = sealed_samples.armor(sealed_samples.pgp()).decode()
    assert not missing(octets.replace("\r\n", "\n"))


def test_signed_mail_is_read_within_its_wrapping() -> None:
    for line, lacks in ((LINE, False), ("Public Works", True)):
        inner = f"Content-Type: text/plain\r\n\r\nFriday is fine.\r\n\r\n-- \r\nCarla\r\n{line}\r\n"
        wrapped = sealed_samples.b64(sealed_samples.signed(inner.encode())).decode().replace("\r\n", "\n")
        headers = (
            "MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n"
            "Content-Transfer-Encoding: base64\n"
        )
        assert missing(wrapped, headers=headers) is lacks


def test_the_proven_account_is_asked_before_the_envelope_sender() -> None:
    client = Client("127.0.0.1", account="CDiaz@milwaukee.gov", proof=Proof.AUTH)
    view = seen(HEAD + "\nFriday.\n", replace(envelope("dokafor@milwaukee.gov"), client=client))
    assert [k.subject for k in family.needs(view, SignatureParams())] == ["cdiaz@milwaukee.gov"]
    assert list(family.check(view, knowing(CARLA, DANA), SignatureParams()))


def test_a_login_without_a_domain_is_of_one_of_ours() -> None:
    view = seen(HEAD + "\nFriday.\n", envelope("x@milwaukee.gov", account="CDiaz"))
    assert [k.subject for k in family.needs(view, SignatureParams())] == ["cdiaz@milwaukee.gov"]


def test_a_tag_hides_nobody() -> None:
    view = seen(HEAD + "\nFriday.\n", envelope("cdiaz+bids@milwaukee.gov"))
    keys = [k.subject for k in family.needs(view, SignatureParams())]
    assert keys == ["cdiaz+bids@milwaukee.gov", "cdiaz@milwaukee.gov"]
    assert list(family.check(view, knowing(CARLA), SignatureParams()))


def test_of_mail_without_a_sender_its_author_is_asked() -> None:
    view = seen(HEAD + "\nFriday.\n", envelope(""))
    assert [k.subject for k in family.needs(view, SignatureParams())] == ["cdiaz@milwaukee.gov"]
    assert of_nobody("Friday.\n")
    assert not of_nobody(f"Friday.\n\n-- \nCarla\n{LINE}\n")
    elsewhere = seen(HEAD.replace("milwaukee.gov", "elsewhere.example") + "\nFriday.\n", envelope(""))
    assert not family.needs(elsewhere, SignatureParams())
    assert not list(family.check(elsewhere, knowing(CARLA), SignatureParams()))


@pytest.mark.parametrize(
    "declared",
    [
        "text/markdown", "text/x-foo", "text/csv", "text/css", "text/html5", "text/calendar", "multipart/mixed",
        "multipart/mixed; boundary=never", "text/plain; name=a.txt", "plain/text",
    ],
)  # fmt: skip
def test_what_readers_show_as_text_is_a_letter(declared: str) -> None:
    headers = f"MIME-Version: 1.0\nContent-Type: {declared}\n"
    assert missing("Friday is fine.\n\nCarla\n", headers=headers)
    assert not missing(f"Friday is fine.\n\n-- \nCarla\n{LINE}\n", headers=headers)


def test_a_text_shown_among_the_parts_says_something_and_signs_nothing() -> None:
    assert missing("Friday.\n", headers="Content-Disposition: inline; filename=a.txt\n")
    named = "Content-Type: text/plain; name=a.txt\nContent-Disposition: inline; filename=a.txt\n\n"
    headers, body = of_parts("mixed", "Content-Type: text/plain\n\n\n", f"{named}Friday.\n")
    assert missing(body, headers=headers)
    headers, body = of_parts("mixed", PLAIN, f"{named}{LINE}\n")
    assert missing(body, headers=headers)
    headers, body = of_parts("mixed", PLAIN.replace("Carla\n", f"Carla\n{LINE}\n"), f"{named}Friday.\n")
    assert not missing(body, headers=headers)


@pytest.mark.parametrize(
    "hidden",
    [
        "<p style='color:hsl(0,0%,100%)'>{}</p>", "<p style='color:rgb(100% 100% 100%)'>{}</p>", "<p style='color:rgba(0,0,0,.1)'>{}</p>",
        "<p style='-webkit-text-fill-color:#fff'>{}</p>", "<p style='line-height:0;overflow:hidden'>{}</p>",
        "<p style='zoom:0.01'>{}</p>", "<p style='display:var(--a)'>{}</p>", "<p style='position:absolute;top:-50px'>{}</p>",
        "<p style='transform:scale(.01)'>{}</p>", "<p style='margin-left:9999px'>{}</p>", "<p style='background:#000'>{}</p>",
        "<details><summary>x</summary>{}</details>", "<dialog>{}</dialog>", "<noscript>{}</noscript>", "<object>{}</object>",
        "<select><option>{}</select>", "<iframe>{}</iframe>", "<ruby>a<rp>{}</rp></ruby>", "<audio>{}</audio>", "<video>{}</video>",
        "<canvas>{}</canvas>", "<input value='{}'>", "<style>.z{{display:none !important}}</style><p class=z style='display:block'>{}</p>",
        "<style>p[title]{{display:none}}</style><p title=x>{}</p>", "<style>p:last-of-type{{display:none}}</style><p>{}</p>",
        "<style>p:not(:hover){{display:none}}</style><p>{}</p>", "<style>*{{color:#fff}}</style><p>{}</p>",
        "<style>@media(min-width:1px){{.z{{display:none}}}}</style><p class=z>{}</p>", "<style>div{{& p{{display:none}}}}</style><div><p>{}</p></div>",
    ],
)  # fmt: skip
def test_what_some_reader_may_not_see_identifies_nobody(hidden: str) -> None:
    assert missing(f"<div>Friday is fine.<br>Carla Diaz</div>{hidden.format(LINE)}", headers=HTML)


@pytest.mark.parametrize(
    "seen_by_all",
    [
        "<div style='color:#fff'><p style='color:#000'>{}</p></div>", "<td style='font-size:0px'><div style='font-size:13px'>{}</div></td>",
        "<style>a:hover{{color:#fff}} .x:hover{{display:none}}</style><p class=x>{}</p>", "<p style='color:hsl(0,0%,20%)'>{}</p>",
        "<style>@media (prefers-color-scheme: dark){{p{{color:#fff !important}} .x{{color:#eee}}}}</style><p class=x>{}</p>",
        "<style>[data-ogsc] p{{color:#fff !important}}</style><p>{}</p>", "<details open><summary>x</summary>{}</details>",
        "<style><!-- p.MsoNormal{{margin:0in;font-size:11.0pt}} a:link{{color:#0563C1}} --></style><p class=MsoNormal>{}</p>",
        "<p style='background:rgba(0,0,0,.05)'>{}</p>", "<div style='visibility:hidden'><p style='visibility:visible'>{}</p></div>",
        "<div style='background-color:#003366;color:#fff'><b>{}</b></div>", "<font color=#999999>{}</font>",
    ],
)  # fmt: skip
def test_what_is_set_again_inside_is_seen(seen_by_all: str) -> None:
    assert not missing(f"<div>Friday is fine.<br>Carla Diaz</div>{seen_by_all.format(LINE)}", headers=HTML)


@pytest.mark.parametrize(
    "said",
    [
        "Nobody shall call me 'not a city employee'",
        "It is wrong that I am not a city employee",
        "It is wrong that I am\nnot a city employee",
        "The claim 'not a city employee' is false",
        "My boss Sam is Contractor, not an employee of the City of Milwaukee",
        "He is a contractor, not an employee of the city",
        "Am I not a city employee?",
        "Don't say I'm not an employee of the city",
    ],
)
def test_a_sentence_that_turns_it_round_says_the_opposite(said: str) -> None:
    assert missing(f"Friday is fine.\n\nCarla Diaz\n{said}\n")


@pytest.mark.parametrize(
    "said",
    [
        "I am a contractor and not an employee of the city",
        "Carla Diaz is a contractor and not an employee of the City of Milwaukee",
        "This message is from a contractor who is not an employee of the City of Milwaukee and cannot bind it.",
        "The sender of this e-mail is not an employee of the City of Milwaukee.",
        "Claims Adjuster, contractor, not an employee of the city",
        "Carla Diaz, P.E., Senior Bridge Engineer, Builders Inc, 1555 N River Drive, contractor, not an employee of the city, 414-555-0100",
    ],
)
def test_people_say_it_in_their_own_words(said: str) -> None:
    assert not missing(f"Was it wrong? They called me\nThey were there.\n\nThanks,\nCarla Diaz\n{said}\n")
