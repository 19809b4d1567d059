"""The lines by which mail programs announce quotes, forwards and signatures, as RE2 patterns anchored at line starts."""

# ruff: noqa: RUF001 - other languages write their own letters and punctuation

from typing import Final

QUOTE: Final = r"^(?:[ \t]{0,4}>[^\n]*\n?)+"
"""A run of lines with the quoting sign."""

_LEAD: Final = (
    r"On|Le|Am|El|Il|Em|Op|Den|Dne|Dnia|W dniu|Pada|Em|Il giorno|Vào|Ngày|Pe|P\xe5|Kuupäeval|Tarihinde|"
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}\x{5e74}|\w{3}, \d{1,2} \w{3}"
)
_VERB: Final = (
    r"wrote|writes|a écrit|a ecrit|schrieb|escribió|escribio|ha scritto|escreveu|schreef|skrev|napisał|napisal|napsal|"
    r"kirjoitti|написал|пише|пишет|a scris|írta|yazdı|menulis|đã viết|έγραψε|написа|je napisao|写道|寫道|님이 작성|のメール|書きました"
)
WROTE: Final = (
    rf"^[ \t]*(?:{_LEAD})\b[^\n]*(?:\n[^\n]*){{0,2}}?(?:{_VERB})[^\n]*[:：][ \t]*$"
    rf"|^[^\n<>]*<[^\s<>]+@[^\s<>]+>[^\n]{{0,20}}(?:{_VERB})[^\n]{{0,20}}[:：][ \t]*$"
    r"|^\d{4}-\d\d-\d\d[^\n]*<[^\s<>]+@[^\s<>]+>:[ \t]*$"
)
"""`On <date>, <name> wrote:` and its forms in other languages, folded over up to three lines."""

ORIGINAL: Final = (
    r"^[ \t]*-{2,}[ \t]*(?:original message|original appointment|ursprüngliche nachricht|originalnachricht|message d['’]origine|"
    r"message original|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|ursprungligt meddelande|"
    r"oprindelig meddelelse|opprinnelig melding|původní zpráva|wiadomość oryginalna|исходное сообщение|alkuperäinen viesti|"
    r"reply message|原始邮件|原始郵件|元のメッセージ|원본 메시지)[ \t]*-{0,}"
)
"""The divider that Outlook and others put above what they answer."""

FORWARD: Final = (
    r"^[ \t>]*(?:-{2,}[ \t]*(?:forwarded (?:message|by|mail)|weitergeleitete nachricht|message transféré|mensaje reenviado|"
    r"messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht|vidarebefordrat meddelande|videresendt|пересылаемое сообщение|"
    r"przekazana wiadomość|转发的邮件|轉寄的郵件|転送メッセージ)|begin forwarded message:|anfang der weitergeleiteten|"
    r"début du message (?:réexpédié|transféré)|inicio del mensaje reenviado|inizio messaggio inoltrato|início da mensagem encaminhada|"
    r"begin doorgestuurd bericht)"
)
"""The line above a message passed on."""

_FROM: Final = r"From|Von|De|Da|Van|Från|Fra|Od|От|Lähettäjä|Feladó|Kimden|发件人|寄件者|差出人|보낸 사람"
_SENT: Final = (
    r"Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el| em)?|Fecha|Data|Inviato|Verzonden|Skickat|Sendt|Wysłano|Odesláno|Дата|"
    r"Отправлено|Lähetetty|Elküldve|Gönderme Tarihi|To|An|À|Para|Aan|Till|Til|Do|Komu|Кому|发送时间|傳送日期|日期|送信日時|收件人|宛先|받는 사람"
)
HEADER_BLOCK: Final = rf"^(?:[ \t]*_{{5,}}[ \t]*\n\s*)?[ \t*]*(?:{_FROM})[ \t]*[:：][^\n]*\n(?:[^\n]*\n){{0,2}}?[ \t*]*(?:{_SENT})[ \t]*\*?[:：]"
"""`From: … Sent: … To: …` as Outlook writes it into the text."""

DASHES: Final = r"^--[ \t]?$|^[–—]{1,2}[ \t]*$"
"""The signature delimiter (RFC 3676, section 4.3), and dashes that editors make of it."""

MOBILE: Final = (
    r"^[ \t]*(?:sent (?:from|via|with|using) (?:my|the|mail for|outlook|yahoo|samsung|proton|blackberry|gmail|mobile|an?) ?[^\n]{0,60}$|get outlook for |"
    r"sent from (?:iphone|ipad|mailspring|workspace)|von meinem [^\n]{2,30} gesendet|gesendet (?:von|mit|aus) |"
    r"envoyé (?:de|depuis|à partir) |enviado (?:desde|do|a partir)|inviato da|verzonden (?:vanaf|met|vanuit)|skickat från|sendt fra|"
    r"wysłane z|odesláno z|отправлено с|lähetetty |从我的|iphoneから送信|나의 iphone)"
)
"""What phones and some clients sign with."""

CLOSING: Final = (
    r"^[ \t]*(?:(?:with |my )?(?:kind|best|warm|warmest|kindest|sincere|very best|many)? ?(?:regards|wishes)|best|all the best|"
    r"sincerely(?: yours)?|yours (?:truly|sincerely|faithfully)|very truly yours|respectfully(?: yours| submitted)?|cordially|"
    r"(?:many )?thanks(?: (?:again|so much|very much|in advance|and regards|and best regards|& regards))?|thank you(?: (?:again|very much|so much|in advance))?|"
    r"thx|cheers|take care|gratefully|with appreciation|rgds|br|kr|"
    r"mit freundlichen gr(?:ü|ue)(?:ß|ss)en|freundliche gr(?:ü|ue)(?:ß|ss)e|(?:viele|liebe|beste|herzliche|sch(?:ö|oe)ne) gr(?:ü|ue)(?:ß|ss)e|mfg|vg|lg|"
    r"cordialement|bien (?:cordialement|à vous)|salutations(?: distinguées)?|merci(?: d['’]avance)?|amicalement|"
    r"saludos(?: cordiales)?|atentamente|cordialmente|un (?:cordial )?saludo|gracias|cordiali saluti|distinti saluti|grazie|"
    r"atenciosamente|cumprimentos|obrigad[oa]|abraços|met vriendelijke groet(?:en)?|groet(?:en|jes)?|mvh|med vänliga hälsningar|"
    r"vänliga hälsningar|med venlig hilsen|vennlig hilsen|z poważaniem|pozdrawiam|s pozdravem|с уважением|ystävällisin terveisin)"
    r"[ \t]*[,.!;:–—-]*[ \t]*$"
)
"""A closing line by itself, above a name."""
