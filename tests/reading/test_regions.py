"""Regions: own, quoted, forwarded and signature in the forms that common mail programs write."""

import time

import pytest

from smtp_gate.core.view import RegionKind
from smtp_gate.reading.regions import Author, Regions
from smtp_gate.reading.text import normalise
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


ABROAD = [
    "Lee Park <lee@example.org> schrieb am Fr., 20. Nov. 2026, 16:12:",
    "Lee Park <lee@example.org> schrieb am Fr., 20. Nov.\n2026 um 16:12 Uhr:",
    "Le vendredi 20 novembre 2026 à 16:12:10 UTC+1, Lee Park <lee@example.org> a écrit :",
    "Lee Park <lee@example.org> a écrit le ven. 20 nov. 2026 à 16:12 :",
    "El 20/11/2026 a las 16:12, Lee Park escribió:",
    "Il 20/11/2026 16:12, Lee Park ha scritto:",
    "Em 20/11/2026 16:12, Lee Park escreveu:",
    "Op 20-11-2026 om 16:12 schreef Lee Park:",
    'Op 20 nov. 2026 16:12 schreef "Lee Park" <lee@example.org> het\nvolgende geschreven:',
    "W dniu pt., 20 lis 2026 o 16:12 Lee Park <lee@example.org> napisał(a):",
    "pt., 20 lis 2026 o 16:12 Lee Park <lee@example.org> napisał(a):",
    "Dne pá 20. 11. 2026 16:12 uživatel Lee Park <lee@example.org> napsal:",
    "Dňa pi 20. 11. 2026 o 16:12 Lee Park <lee@example.org> napísal(a):",
    "Den fre 20 nov. 2026 kl 16:12 skrev Lee Park <lee@example.org>:",
    "Den fre. 20. nov. 2026 kl. 16.12 skrev Lee Park <lee@example.org>:",
    "pe 20. marrask. 2026 klo 16.12 Lee Park (lee@example.org) kirjoitti:",
    "20.11.2026 16:12, Lee Park пишет:",
    "20 нояб. 2026 г. 16:12 пользователь Lee Park <lee@example.org> написал:",
    "пт, 20 лист. 2026 р. о 16:12 Lee Park <lee@example.org> пише:",
    "Lee Park <lee@example.org>, 20 Kas 2026 Cum, 16:12 tarihinde şunu yazdı:",
    "2026年11月20日(金) 16:12 Lee Park <lee@example.org>:",
    "Lee Park <lee@example.org> 于2026年11月20日周五 16:12写道：",
    "在 2026年11月20日，Lee Park <lee@example.org> 写道：",
    "Lee Park <lee@example.org> 於 2026年11月20日 週五 下午4:12寫道：",
    "2026년 11월 20일 (금) 오후 4:12, Lee Park <lee@example.org>님이 작성:",
    "Lee Park <lee@example.org> ezt írta (időpont: 2026. nov. 20., P, 16:12):",
    "Pe vin., 20 nov. 2026 la 16:12, Lee Park <lee@example.org> a scris:",
    "Στις Παρ 20 Νοε 2026 στις 4:12 μ.μ., ο χρήστης Lee Park <lee@example.org> έγραψε:",
    "Vào Th 6, 20 thg 11, 2026 vào lúc 16:12 Lee Park <lee@example.org> đã viết:",
    "Pada tanggal Jum, 20 Nov 2026 pukul 16.12 Lee Park <lee@example.org> menulis:",
    "On Friday, November 20, 2026 at 04:12:10 PM CST, Lee Park\n<lee@example.org> wrote:",
    "On Fri, Nov 20, 2026 at 4:12 PM Lee Park via a-very-long-list-name\n<a-very-long-list-name@lists.example.org>\nwrote:",
    "At 11/20/2026 04:12 PM, you wrote:",
    "---- On Fri, 20 Nov 2026 16:12:36 +0530 Lee Park <lee@example.org> wrote ----",
    "--- Lee Park <lee@example.org> wrote:",
    "On Fri, 20 Nov 2026 16:12:43 -0200 Lee Park <lee@example.org> wrote",
]  # fmt: skip


@pytest.mark.parametrize("line", ABROAD)
@pytest.mark.parametrize("quoted", ["> their words\n> more\n\nmy end", "their words"], ids=["signs", "no signs"])
def test_attributions_in_many_languages(line: str, quoted: str) -> None:
    view = read_mail(HEAD + f"\nmy words\n\n{line}\n\n{quoted}\n")
    assert "their words" in regions(view, QUOTED)
    assert all(part in regions(view, QUOTED) for part in normalise(line).splitlines())
    own = regions(view, OWN)
    assert "my words" in own
    assert ("my end" in own) is ("my end" in quoted)


@pytest.mark.parametrize(
    "line",
    [
        "I know what he wrote:",
        "As the mayor wrote last week, this is how it is done:",
        "Please fill in the following:",
        "On page 3 she wrote:",
        "Call lee@example.org, who says:",
        "Meeting at 10:30:",
    ],
)
def test_sentences_are_no_attributions(line: str) -> None:
    view = read_mail(HEAD + f"\nmy words\n\n{line}\n\nsome more of them\n")
    assert not regions(view, QUOTED)


def test_a_sentence_before_a_quote_is() -> None:
    view = read_mail(HEAD + "\nmy words\n\nLee wrote:\n> their words\n")
    assert "Lee wrote" in regions(view, QUOTED)


@pytest.mark.parametrize(
    "block",
    [
        "Från: Lee\nSkickat: den 20 november 2026\nTill: Dana\nÄmne: x",
        "Fra: Lee\nSendt: 20. november 2026\nTil: Dana\nEmne: x",
        "Lähettäjä: Lee\nLähetetty: 20. marraskuuta\nVastaanottaja: Dana\nAihe: x",
        "Od: Lee\nWysłano: piątek\nDo: Dana\nTemat: x",
        "Od: Lee\nOdesláno: pátek\nKomu: Dana\nPředmět: x",
        "От: Lee\nОтправлено: пятница\nКому: Dana\nТема: x",
        "Kimden: Lee\nGönderildi: Cuma\nKime: Dana\nKonu: x",
        "差出人: Lee\n送信日時: 2026年11月20日\n宛先: Dana\n件名: x",
        "发件人: Lee\n发送时间: 2026年11月20日\n收件人: Dana\n主题: x",
        "보낸 사람: Lee\n보낸 날짜: 2026년\n받는 사람: Dana\n제목: x",
        "Από: Lee\nΣτάλθηκε: Παρασκευή\nΠρος: Dana\nΘέμα: x",
        "Van: Lee\nVerzonden: vrijdag\nAan: Dana\nOnderwerp: x",
        "Da: Lee\nInviato: venerdì\nA: Dana\nOggetto: x",
        "De: Lee\nEnviado el: viernes\nPara: Dana\nAsunto: x",
        "From: Lee Park <lee@example.org> Sent: Friday, November 20 To: Dana Subject: x",
        "_____________________________\nFrom: Lee Park <lee@example.org>\nSent: Friday",
        "____________________Reply Separator____________________\nSubject: x",
        "*-------- Original Message --------*\nFrom: Lee",
        "Lee Park\n11/20/2026 04:12 PM\n\nTo: Dana Okafor/CITY\ncc: \nSubject: x",
        '"Lee Park" <lee@example.org> on 11/20/2026 04:12:10 PM\nTo: Dana\ncc:\nSubject: x',
    ],
)
def test_header_blocks_in_many_languages(block: str) -> None:
    view = read_mail(HEAD + f"\nmy words\n\n{block}\n\ntheir words\n")
    assert regions(view, OWN).strip() == "my words"
    assert "their words" in regions(view, QUOTED)


@pytest.mark.parametrize(
    "block",
    [
        "From: Milwaukee\nTo: Chicago\nby train",
        "To: all of us\ncc: nobody\nSubject: the picnic",
        "Date: Friday\nTo: you",
    ],
)
def test_lists_and_memos_are_no_header_blocks(block: str) -> None:
    view = read_mail(HEAD + f"\nmy words\n\n{block}\n\nmore words\n")
    assert not regions(view, QUOTED)


def test_a_quoted_line_that_was_folded_stays_quoted() -> None:
    long = "> this is a line of somebody that was a little too long for the program"
    view = read_mail(HEAD + f"\nmy words\n\n{long}\nthat sent it\n> and so on\n\nYes, I think so.\n> next\n")
    assert "that sent it" in regions(view, QUOTED)
    assert "Yes, I think so." in regions(view, OWN)


def test_quotes_with_initials() -> None:
    view = read_mail(HEAD + "\nmy words\n\nLP> their words\nLP> more\n\nA> b is a formula\n")
    assert "their words" in regions(view, QUOTED)
    assert "formula" in regions(view, OWN)


@pytest.mark.parametrize(
    "signature",
    [
        "Dana",
        "-Dana",
        "Thanks. Dana",
        "Regards, D. Okafor",
        "Thank you for your help,\n\nDana",
        "Carla Diaz\nBudget Office\n(414) 286-0000",
        "**********\nCarla Diaz, CPA\nAnalyst\ncarla@example.org",
        "Love,\nC",
        "Best,\n\n--\nDana\nCity Hall",
        "Gesendet von Outlook für Android",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Skickat från min iPhone",
        "Отправлено с iPhone",
        "Get Outlook for iOS<https://aka.example/o>",
        "This e-mail is confidential and intended for its addressee only.\nDelete it otherwise.",
        "Med vennlig hilsen\nDana",
        "Pozdrawiam\nDana",
        "Sent from SomeApp<http://app.example/>",
        "________________________________\nstaff mailing list\nhttps://lists.example.org/staff",
        "Dana\n\n________________________________\nstaff mailing list\nhttps://lists.example.org/staff",
    ],
)
@pytest.mark.parametrize("quote", ["", "\n\nOn Fri, Nov 20, 2026 Lee <lee@example.org> wrote:\n> a text\n"])
def test_further_signatures(signature: str, quote: str) -> None:
    said = "Hello,\n\nthis is what I want to say, and it is a sentence."
    view = read_mail(HEAD + f"\n{said}\n\n{signature}{quote}\n")
    assert regions(view, SIGNATURE).split() == signature.split()
    assert "want to say" in regions(view, OWN)


@pytest.mark.parametrize(
    "body",
    [
        "This is all.\n\nSee you on Monday.",
        "We need:\n\nTwo Tables\nFour Chairs",
        "Thanks, I will look into it today.",
        "Please reply.\n\nHappy Thanksgiving!",
        "Name: Kou Vang\nPhone: 414-286-0000",
        "Yes",
        "Hello.\n\nSent from my desk, which is much easier than from a phone.",
    ],
)
def test_what_is_no_signature(body: str) -> None:
    assert not regions(read_mail(HEAD + f"\n{body}\n"), SIGNATURE)


def test_a_postscript_and_file_names_are_no_signature() -> None:
    view = read_mail(HEAD + "\nHello.\n\nRegards,\nDana\n\nP.S. Bring the keys.\n")
    assert "Bring the keys" in regions(view, OWN)
    view = read_mail(HEAD + "\nHello.\n\nRegards,\nDana\n\n - the plan.doc\n")
    assert regions(view, SIGNATURE).split() == ["Regards,", "Dana"]


@pytest.mark.parametrize(
    "line",
    [
        "On\n", "From:\n", ">" * 200 + "\n", "x wrote:\n", "> a\nb\n", "On Fri, Nov 20, 2026 at 4:12 PM Lee\n", "Thanks,\n", "--\n",
        "To: a\ncc:\n", "_____\n", "Aaa Bbb\n", "414-286-1234\n", "> " + "x" * 70 + "\nfoo\n", "a@b.example:\n", "A> b\n", "wrote ",
    ],
)  # fmt: skip
def test_a_million_lines_cost_little(line: str) -> None:
    text = line * (1_000_000 if len(line) < 12 else 100_000)
    octets = text.encode()
    regions = Regions()
    started = time.process_time()
    spans = regions.spans(text, octets, Author("Dana Okafor"))
    assert time.process_time() - started < 4
    assert spans[-1].end == len(text)


@pytest.mark.parametrize(
    "line",
    [
        "--- Below this line is a copy of the message.",
        "------ This is a copy of the message, including all the headers. ------",
        "   ----- Unsent message follows -----",
        "----- Original message follows -----",
    ],
)
def test_reports_without_structure_return_the_rest(line: str) -> None:
    view = read_mail(HEAD + f"\nIt could not be delivered.\n\n{line}\n\nFrom: Lee\nSubject: x\n\ntheir words\n")
    assert "their words" in regions(view, RegionKind.RETURNED)
    assert regions(view, OWN).strip() == "It could not be delivered."
