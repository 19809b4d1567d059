"""Regions: own, quoted, forwarded and signature in the forms that common mail programs write."""

import pytest

from smtp_gate.core.view import RegionKind
from tests.reading.reading_help import read_mail, regions

HEAD = "From: Dana Okafor <dokafor@milwaukee.gov>\nSubject: Re: x\n"
OWN, QUOTED, FORWARDED, SIGNATURE = RegionKind.OWN, RegionKind.QUOTED, RegionKind.FORWARDED, RegionKind.SIGNATURE

ATTRIBUTIONS = [
    "On Fri, Nov 20, 2026 at 4:12 PM Lee Park <lee@example.org> wrote:",
    "On Fri, Nov 20, 2026 at 4:12 PM Lee Park <lee@example.org>\nwrote:",
    "On 20 Nov 2026, at 16:12, Lee Park wrote:",
    "Am 20.11.2026 um 16:12 schrieb Lee Park <lee@example.org>:",
    "Le ven. 20 nov. 2026 à 16:12, Lee Park <lee@example.org> a écrit :",
    "El vie, 20 nov 2026 a las 16:12, Lee Park (<lee@example.org>) escribió:",
    "Il giorno ven 20 nov 2026 alle ore 16:12 Lee Park <lee@example.org> ha scritto:",
    "Op vr 20 nov 2026 om 16:12 schreef Lee Park <lee@example.org>:",
    "Em sex., 20 de nov. de 2026 às 16:12, Lee Park <lee@example.org> escreveu:",
    "Den fre 20 nov. 2026 kl 16:12 skrev Lee Park <lee@example.org>:",
    "Lee Park <lee@example.org> wrote:",
    "2026-11-20 16:12 GMT+01:00 Lee Park <lee@example.org>:",
    "пт, 20 нояб. 2026 г. в 16:12, Lee Park <lee@example.org> написал:",
]


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_attribution_and_prefixed_quote(line: str) -> None:
    view = read_mail(HEAD + f"\nmy words\n\n{line}\n\n> their words\n> more\n\nmy end\n")
    assert "their words" in regions(view, QUOTED)
    assert line.splitlines()[0] in regions(view, QUOTED)
    own = regions(view, OWN)
    assert "my words" in own
    assert "my end" in own
    assert "their" not in own


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_attribution_without_prefix_takes_the_rest(line: str) -> None:
    view = read_mail(HEAD + f"\nmy words\n\n{line}\n\ntheir words\n")
    assert "their words" in regions(view, QUOTED)
    assert "my words" in regions(view, OWN)


@pytest.mark.parametrize(
    "block",
    [
        "-----Original Message-----\nFrom: Lee\nSent: Friday",
        "________________________________\nFrom: Lee Park <lee@example.org>\nSent: Friday, November 20, 2026\nTo: Dana\nSubject: x",
        "From: Lee\nDate: Friday\nTo: Dana",
        "*From:* Lee\n*Sent:* Friday",
        "Von: Lee\nGesendet: Freitag\nAn: Dana\nBetreff: x",
        "De : Lee\nEnvoyé : vendredi\nÀ : Dana",
        "-----Ursprüngliche Nachricht-----",
    ],
)
def test_outlook_blocks(block: str) -> None:
    view = read_mail(HEAD + f"\nmy words\n\n{block}\n\ntheir words\n")
    assert "their words" in regions(view, QUOTED)
    assert "my words" in regions(view, OWN)
    forwarded = read_mail(HEAD.replace("Re:", "FW:") + f"\nmy words\n\n{block}\n\ntheir words\n")
    assert "their words" in regions(forwarded, FORWARDED)


@pytest.mark.parametrize(
    "line",
    [
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "-------- Weitergeleitete Nachricht --------",
    ],
)
def test_forwards(line: str) -> None:
    view = read_mail(HEAD + f"\nfyi\n\n{line}\nFrom: Lee\n\ntheir words\n")
    assert "their words" in regions(view, FORWARDED)
    assert "fyi" in regions(view, OWN)


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nDana Okafor\nContractor, not an employee of the City",
        "--\nDana Okafor\nContractor, not an employee of the City",
        "Best regards,\n\nDana Okafor\nContractor, not an employee of the City",
        "Thanks,\nDana\nContractor, not an employee of the City",
        "Mit freundlichen Grüßen\n\nDana\nContractor, not an employee of the City",
        "Dana Okafor\nBudget analyst\nContractor, not an employee of the City",
        "Regards,\nDana\nContractor, not an employee of the City\n\nSent from my iPhone",
        "Sent from my iPhone\nContractor, not an employee of the City",
    ],
)
@pytest.mark.parametrize(
    "quote",
    ["", "\n\nOn Fri, Nov 20, 2026 Lee Park <lee@example.org> wrote:\n> Regards,\n> Dana Okafor\n> a long text\n"],
)
def test_signatures_of_the_own_text(signature: str, quote: str) -> None:
    view = read_mail(HEAD + f"\nHello,\n\nthis is what I want to say, and it is a sentence.\n\n{signature}{quote}\n")
    found = regions(view, SIGNATURE)
    assert "Contractor, not an employee" in found
    assert "want to say" not in found
    assert "long text" not in found


def test_a_statement_inside_the_quoted_thread_is_not_in_the_signature() -> None:
    view = read_mail(
        HEAD + "\nOk.\n\nOn Fri, Nov 20, 2026 Lee <l@example.org> wrote:\n> Regards\n> Lee\n> Contractor\n"
    )
    assert "Contractor" not in regions(view, SIGNATURE)
    assert "Contractor" in regions(view, QUOTED)


def test_a_closing_word_in_mid_text_is_no_signature() -> None:
    view = read_mail(
        HEAD
        + "\nThanks\n"
        + "This goes on for a very long time, with many words and no end to be seen anywhere.\n" * 60
    )
    assert not regions(view, SIGNATURE)


def html(body: str) -> str:
    return HEAD + "Content-Type: text/html; charset=utf-8\n\n" + body


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<blockquote type=cite><p>their <blockquote>older</blockquote> words</p></blockquote>", QUOTED),
        (
            '<div class="gmail_quote"><div class="gmail_attr">On Fri, Lee wrote:</div><blockquote>their words</blockquote></div>',
            QUOTED,
        ),
        (
            '<div class="gmail_quote">---------- Forwarded message ---------<br>From: Lee<br>their words</div>',
            FORWARDED,
        ),
        ('<div id="appendonsend"></div><hr><div><b>From:</b> Lee<br></div><p>their words</p>', QUOTED),
        (
            "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><b>From:</b> Lee<br><b>Sent:</b> Friday</div><p>their words</p>",
            QUOTED,
        ),
    ],
)
def test_html_quotes(body: str, kind: RegionKind) -> None:
    view = read_mail(html(f"<html><body><p>my words</p>{body}</body></html>"))
    assert "words" in regions(view, kind)
    assert regions(view, OWN).strip() == "my words"


def test_html_signature() -> None:
    view = read_mail(
        html('<p>my words</p><div class="gmail_signature">Dana<br>Contractor</div><blockquote>old</blockquote>')
    )
    assert regions(view, SIGNATURE).split() == ["Dana", "Contractor"]
    view = read_mail(html("<p>my words</p><p>Best regards,</p><p>Dana<br>Contractor</p>"))
    assert "Contractor" in regions(view, SIGNATURE)


def test_subject_and_header_have_their_own_regions() -> None:
    view = read_mail("From: a@b.example\nSubject: Number 536-90-4399\nX-Note: secret\n\nbody\n")
    assert regions(view, RegionKind.SUBJECT).strip() == "Subject: Number 536-90-4399"
    assert "X-Note: secret" in regions(view, RegionKind.HEADER)
    assert "536" not in regions(view, RegionKind.HEADER)
