"""Quotes, forwards and signatures as the HTML of mail programs marks them."""

import time

import pytest

from smtp_gate.core.view import RegionKind
from smtp_gate.reading.html import read_page
from smtp_gate.reading.html_quotes import MARKS
from smtp_gate.reading.limits import Limits
from tests.reading.reading_help import read_mail, regions

HEAD = "From: Dana Okafor <dokafor@milwaukee.gov>\nSubject: Re: x\nContent-Type: text/html; charset=utf-8\n\n"
OWN, QUOTED, FORWARDED, SIGNATURE = RegionKind.OWN, RegionKind.QUOTED, RegionKind.FORWARDED, RegionKind.SIGNATURE

REPLIES = {
    "outlook": '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p><b>From:</b> Lee &lt;lee@example.org&gt;<br><b>Sent:</b> Friday<br><b>To:</b> Dana<br><b>Subject:</b> x</p></div><p>their words</p>',
    "outlook for windows": '<div style="border:none; border-top: 1pt solid rgb(225, 225, 225)"><b>Von:</b> Lee</div><p>their words</p>',
    "outlook for mac": '<span id="OLK_SRC_BODY_SECTION"><div>From: Lee</div><div>their words</div></span>',
    "outlook on the web": '<div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg"><b>From:</b> Lee</div><div>their words</div>',
    "outlook on phones": '<div id="mail-editor-reference-message-container"><div>From: Lee</div><div>their words</div></div>',
    "hotmail": '<hr id="stopSpelling">Date: Friday<br>their words',
    "gmail": '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Fri, Lee wrote:<br></div><blockquote class="gmail_quote">their words</blockquote></div>',
    "apple": '<div><br><blockquote type="cite"><div>On Nov 20, 2026, at 4:12 PM, Lee wrote:</div><div>their words</div></blockquote></div>',
    "yahoo": '<div id="yahoo_quoted_123" class="yahoo_quoted"><div>On Friday, Lee wrote:</div><div>their words</div></div>',
    "thunderbird": '<div class="moz-cite-prefix">On 20/11/2026 16:12, Lee wrote:<br></div><blockquote type="cite">their words</blockquote>',
    "proton": '<div class="protonmail_quote">On Friday, Lee wrote:<blockquote>their words</blockquote></div>',
    "zimbra": '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>Lee</div><div data-marker="__QUOTED_TEXT__">their words</div>',
    "spark": '<div name="messageReplySection">On Nov 20, 2026, Lee wrote:<br><blockquote type="cite">their words</blockquote></div>',
    "netease": '<div id="isReplyContent">At 2026-11-20 16:12:00, Lee wrote:<br>their words</div>',
    "zoho": '<div class="zmail_extra">---- On Fri, 20 Nov 2026 Lee wrote ----<blockquote>their words</blockquote></div>',
    "word": '<a name="_MailOriginal"><p>Lee, on Friday:</p></a><p>their words</p>',
    "no marks": "<p>On Fri, Nov 20, 2026 at 4:12 PM Lee Park &lt;lee@example.org&gt; wrote:</p><p>their words</p>",
    "notes": "<font color=#5F5F5F>From: </font>Lee<br><font>To: </font>Dana<br><font>Date: </font>20.11.2026 16:12<br><font>Subject: </font>x<hr>their words",
}  # fmt: skip


@pytest.mark.parametrize("client", REPLIES)
def test_replies(client: str) -> None:
    view = read_mail(HEAD + f"<html><body><p>my words</p>{REPLIES[client]}</body></html>")
    assert regions(view, OWN).strip() == "my words"
    assert "their words" in regions(view, QUOTED)


@pytest.mark.parametrize(
    "body",
    [
        '<div class="gmail_quote">---------- Forwarded message ---------<br>From: Lee<br>their words</div>',
        '<div class="moz-forward-container">-------- Forwarded Message --------<br>their words</div>',
        '<div>Begin forwarded message:</div><blockquote type="cite"><b>From: </b>Lee<br>their words</blockquote>',
        '<div id="isForwardContent">-------- Forwarding messages --------<br>---- Forwarded message ----<br>their words</div>',
    ],
)
def test_forwards(body: str) -> None:
    view = read_mail(HEAD + f"<p>fyi</p>{body}")
    assert "their words" in regions(view, FORWARDED)
    assert regions(view, OWN).strip() == "fyi"


@pytest.mark.parametrize(
    "body",
    [
        '<span class="gmail_signature_prefix">-- </span><br><div class="gmail_signature">Dana<br>Contractor</div>',
        '<div class="moz-signature">-- <br>Dana<br>Contractor</div>',
        '<div id="Signature"><p>Dana</p><p>Contractor</p></div>',
        '<div id="ms-outlook-mobile-signature">Dana, Contractor</div>',
        '<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Dana<div>Contractor</div></div>',
        '<div id="AppleMailSignature" dir="ltr">Dana, Contractor</div>',
        '<div class="protonmail_signature_block">Dana, Contractor</div>',
        '<div data-marker="__SIG_POST__">Dana, Contractor</div>',
        '<div id="composer_signature">Sent from my Galaxy<br>Contractor</div>',
        '<div class="k9mail-signature">-- <br>Contractor</div>',
        '<div name="messageSignatureSection">Contractor</div>',
        "<p>Mit freundlichen Grüßen</p><p>Dana<br>Contractor</p>",
    ],
)
def test_signatures(body: str) -> None:
    quote = '<div class="gmail_quote"><blockquote>their words</blockquote></div>'
    for rest in ("", quote):
        view = read_mail(HEAD + f"<p>my words</p>{body}{rest}")
        assert "Contractor" in regions(view, SIGNATURE)
        assert regions(view, OWN).strip() == "my words"


def test_answers_between_quoted_lines_are_own() -> None:
    quote = "<blockquote class=gmail_quote>one</blockquote><div>my answer</div><blockquote class=gmail_quote>two</blockquote>"
    view = read_mail(HEAD + f'<div class="gmail_quote"><div class="gmail_attr">On Friday Lee wrote:</div>{quote}</div>')
    assert regions(view, OWN).strip() == "my answer"


def test_indented_text_is_own() -> None:
    view = read_mail(HEAD + '<p>my</p><blockquote style="margin:0 0 0 40px;border:none;padding:0px">words</blockquote>')
    assert regions(view, OWN).split() == ["my", "words"]
    view = read_mail(HEAD + '<p>my</p><blockquote style="border:none;border-left:solid #ccc 1pt">theirs</blockquote>')
    assert "theirs" in regions(view, QUOTED)


def test_what_looks_like_a_mark_in_the_source_is_none() -> None:
    assert not any(mark in read_page(f"<p>a{MARKS}&#1;&#2;b</p>", Limits()).text for mark in MARKS)


@pytest.mark.parametrize(
    "element", ['<div class="gmail_quote">', '<blockquote type="cite">', '<div style="border-top:solid #E1E1E1">']
)
def test_nests_cost_little(element: str) -> None:
    started = time.process_time()
    read_mail(HEAD + element * 1500 + "<p>x</p>" * 20_000)
    assert time.process_time() - started < 5
