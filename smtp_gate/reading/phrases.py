"""The lines by which mail programs announce quotes, forwards and signatures, as RE2 patterns anchored at line starts.

The patterns of what is searched for hold no counted repeats and no more than one line, which keeps RE2 to its fast half; what
they are too lenient about a second look sorts out.
"""

# ruff: noqa: RUF001 - other languages write their own letters and punctuation

from typing import Final

QUOTE: Final = r"^(?:[ \t]*>[^\n]*\n?)+"
"""A run of lines with the quoting sign."""

INITIALS: Final = r"^(?:[ \t]*[A-Z][A-Z]?[A-Z]?>[^\n]*\n?)+"
"""The same with the initials of whoever is quoted."""

_LEAD: Final = (
    r"On|At|In|Le|Am|El|Il|Em|Op|Den|Dne|Dňa|Dana|Dnia|W dniu|Pada|Il giorno|Vào|Ngày|Pe|La|På|Kuupäeval|Tarihinde|"
    r"Στις|Την|Το|Vom|Em dia|El día|Le jour|-{2,4}"
)
_DATED: Final = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{4}(?:年|년|\. )|\d{1,2}\.? \pL{3,9}\.? \d{4}|"
    r"\pL{2,12}[,.]{1,2} (?:\d{1,2}\.? \pL{3,9}|\pL{3,9}\.? \d{1,2})|在 ?\d{4}|于 ?\d{4}"
)
STARTS_DATED: Final = rf"^[ \t]*(?:(?:{_LEAD})\b|{_DATED})"
"""A line that begins as an attribution does: with a preposition before a date, or with the date itself."""

HAS_DATE: Final = (
    r"\d{1,2}[:.]\d{2}|\d{4}-\d\d-\d\d|\d{1,4}[./]\d{1,2}[./]\d{1,4}|(?:19|20)\d\d|\d{4}(?:年|년)|"
    r"\d{1,2}(?:st|nd|rd|th)?\.? (?:of )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\pL*\.? \d"
)
"""A day or a time of day somewhere."""

HAS_ADDRESS: Final = r"[^\s<>@\"]@[^\s<>@]+\.\pL"

# Word boundaries are of ASCII in RE2, so other letters have a space or nothing before them.
_VERB: Final = (
    r"\bwrote|\bwrites|\ba (?:é|e)crit|\bschrieb|\bgeschrieben|\bescribi(?:ó|o)\W|\bha scritto|\bscrive\b|\bescreveu|\bva escriure|"
    r"\bschreef|\bgeschreven|\bskrev|\bnapisa[lł]|\bpisze\b|\bnap(?:s|ís)al|\bkirjoitti| написа| пише|\ba scris| írta|\byazdı|"
    r"\bmenulis|đã viết| έγραψε| raš(?:ė|o)|\bkirjutas|כתב|كتب|写道|寫道|写到|님이 작성|작성:|のメール|書きました|さんは書|เขียน"
)
WROTE: Final = rf"^[^\n]*(?:{_VERB})[^\n]*$"
"""A line that may be `On <date>, <name> wrote:` in one of many languages, or a part of one."""

STATED: Final = r"^[^\n]*<?[^\s<>@]+@[^\s<>@]+>[)]?[ \t]*[:：][ \t]*$"
"""A line that ends in an address and a colon: the same without a verb."""

ADDRESS_WROTE: Final = rf"[^\s<>@]+@[^\s<>@]+[>)\]\"]{{0,3}},?[^\n]{{0,30}}\n?[^\n]{{0,20}}(?:{_VERB})|(?:{_VERB})[^\n]{{0,60}}<[^\s<>@]+@[^\s<>@]+>[ \t]*[:：][ \t]*$"
"""An address beside the verb: nobody writes so but a mail program."""

_RULE: Final = r"[ \t*]*[-_=][-_=]+[ \t]*"
ORIGINAL: Final = (
    rf"^{_RULE}(?:original message|original appointment|original e-?mail|reply separator|reply message|"
    r"(?:ursprüngliche|originale?) nachricht|originalnachricht|message d['’]origine|message original|courriel original|"
    r"mensaje original|correo original|messaggio originale|mensagem original|oorspronkelijk bericht|origineel bericht|"
    r"ursprungligt meddelande|originalmeddelande|(?:oprindelig|original) meddelelse|opprinnelig melding|původní (?:zpráva|e-mail)|"
    r"pôvodná správa|wiadomość oryginalna|oryginalna wiadomość|исходное сообщение|оригинальное сообщение|"
    r"вихідне повідомлення|alkuperäinen viesti|eredeti üzenet|orijinal (?:ileti|mesaj)|özgün ileti|mesaj original|"
    r"αρχικό μήνυμα|pesan asli|原始邮件|原始郵件|原邮件|元のメッセージ|원본 메시지|원본 메일)[-_=* \t]*$"
)
"""The divider that Outlook and others put above what they answer."""

FORWARD: Final = (
    rf"^[ \t>]*(?:{_RULE}(?:forwarded (?:message|by|mail|e-mail)|start of forwarded message|weitergeleitete nachricht|"
    r"message (?:transféré|réexpédié)|mensaje reenviado|messaggio inoltrato|mensagem (?:encaminhada|reencaminhada)|doorgestuurd bericht|"
    r"vidarebefordrat meddelande|videresendt|välitetty viesti|пересылаемое сообщение|пересланное сообщение|"
    r"переслане повідомлення|przekazana wiadomość|wiadomość przekazana|přeposlaná zpráva|továbbított üzenet|"
    r"iletilen (?:ileti|mesaj)|mesaj redirecționat|προωθημένο μήνυμα|转发的邮件|轉寄的郵件|转发邮件|転送メッセージ|전달된 메시지)|"
    r"begin forwarded message[ \t]*:|anfang der weitergeleiteten|début du message (?:réexpédié|transféré)|"
    r"inicio del mensaje reenviado|inizio (?:del )?messaggio inoltrato|início da mensagem (?:re)?encaminhada|"
    r"begin doorgestuurd bericht|vidarebefordrat brev|start på videresendt|videresendt e-post|"
    r"начало переадресованного|początek przekazywanej|以下は転送されたメッセージです|开始转发的邮件|전달된 메시지 시작)"
)
"""The line above a message passed on."""

RETURNED: Final = (
    rf"^{_RULE}(?:below this line is a copy of the message|(?:this is )?a copy of (?:the|your) (?:original )?message|copy of (?:the|your) message|"
    r"(?:the |your )?original message (?:follows|headers follow)|(?:unsent|returned|undelivered|failed) message (?:follows|below)|"
    r"(?:message )?headers? (?:of the (?:original )?message )?follows?|returned message)[^\n]*$"
)
"""The line above the message that a report without structure returns."""

FROM: Final = (
    r"From|Von|De|Da|Van|Från|Fra|Od|От|Від|Lähettäjä|Feladó|Kimden|Gönderen|Από|De la|Dari|Từ|发件人|寄件者|寄件人|差出人|"
    r"送信者|보낸 ?사람|מאת"
)
SENT: Final = (
    r"Sent|Gesendet|Envoyé|Enviado(?: el| em)?|Enviada em|Inviato|Verzonden|Skickat|Sendt|Wysłan[oe]|Odesláno|Odoslané|"
    r"Отправлено|Надіслано|Lähetetty|Elküldve|Gönderildi|Gönderme Tarihi|Στάλθηκε|Trimis|Terkirim|Đã gửi|发送时间|发件时间|"
    r"發送日期|傳送日期|寄件日期|送信日時|보낸 ?날짜|보냄|נשלח"
)
DATE: Final = r"Date|Datum|Fecha|Data|Dato|Дата|Päivämäärä|Päiväys|Dátum|Tarih|Ημερομηνία|日期|日付|日時|날짜"
TO: Final = (
    r"To|An|À|A|Para|Aan|Till|Til|Do|Komu|Кому|Vastaanottaja|Címzett|Kime|Προς|Către|Kepada|收件人|收件者|宛先|받는 ?사람|"
    r"Cc|Kopie|Kopia|Копия|Reply-To"
)
SUBJECT: Final = (
    r"Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Temat|Předmět|Predmet|Тема|Aihe|Tárgy|Konu|Θέμα|"
    r"Subiect|Perihal|主题|主旨|件名|제목"
)


def label(names: str) -> str:
    """The beginning of a line that names one of these fields."""
    return rf"^[ \t*>]*(?:{names})[ \t]*[*]?[ \t]*[:：]"


HEADER: Final = rf"^[ \t*]*(?:{FROM})[ \t]*[*]?[ \t]*[:：]"
"""The first line of `From: … Sent: … To: …` as Outlook writes it into the text."""

IN_ONE_LINE: Final = (
    rf"^[ \t*]*(?:{FROM})[ \t]*[*]?[:：][^\n]+[ *](?:{SENT})[ \t]*[*]?[:：][^\n]+[ *](?:{TO}|{SUBJECT})[ \t]*[*]?[:：]"
)
"""All of it where some program has made one line of it."""

NOTES: Final = r"^[ \t]*To[ \t]*:"
"""The first of `To: … cc: … Subject: …` as Notes writes it below a name and a date."""

DASHES: Final = r"^(?:- )?--[ \t]?$|^[–—]{1,2}[ \t]*$"
"""The signature delimiter (RFC 3676, section 4.3), what editors make of it, and escaped in clear-signed text."""

_DEVICE: Final = r"(?:i ?phone|i ?pad|i ?pod|android|samsung|galaxy|blackberry|nokia|huawei|xiaomi|pixel|handy|mobile|smartphone|outlook|yahoo)"
MOBILE: Final = (
    r"^[ \t]*(?:sent (?:from|via|with|using) (?:my|the|mail for|outlook|yahoo|samsung|proton|blackberry|gmail|mobile|an?)\b|"
    r"get outlook for |sent from [^ \n]+ ?<http|sent from (?:iphone|ipad|mailspring|workspace|mail\b|zimbra|spark|nine\b|fairemail|k-9)|"
    rf"von meine[mr] [^\n]*gesendet|gesendet (?:von|mit|über|aus) |"
    rf"envoyé (?:de|depuis|à partir de) (?:mon|ma|mes|l[ae’']|yahoo|outlook|[^\n]*{_DEVICE})|"
    rf"enviado (?:desde|do|da|a partir d) ?[^\n]*{_DEVICE}|inviato da(?:l|lla)? ?[^\n]*{_DEVICE}|"
    rf"verzonden (?:vanaf|met|vanuit|via) |skickat från |sendt fra |"
    rf"wysłan[eo] z |odesláno z |отправлено (?:с|из) |lähetetty [^\n]*{_DEVICE}|"
    rf"[^\n]*{_DEVICE}[^\n]* (?:lähetetty|gönderildi)|从我的|发自我的|從我的|iphoneから送信|나의 iphone|내 iphone)"
)
"""What phones and some clients sign with."""

_WISHES: Final = (
    r"(?:with |my )?(?:kind|best|warm|warmest|kindest|sincere|very best|many)? ?(?:personal )?(?:regards|wishes)|best|all the best|all my best|"
    r"sincerely(?: yours)?|yours(?: (?:truly|sincerely|faithfully|ever))?|very truly yours|respectfully(?: yours| submitted)?|cordially|"
    r"(?:many |much )?(?:thanks|thx|tks|thnx)(?: (?:again|so much|very much|a lot|a million|in advance|and (?:kind |best |warm )?regards|& regards|all|"
    r"for (?:your|the|all)[^\n,.!]*|and see you))?|(?:many|much) thanks|thank(?:ing)? you(?: (?:again|very much|so much|in advance|all|"
    r"and (?:kind |best )?regards|for (?:your|the|all)[^\n,.!]*))?|ty|cheers|take care|gratefully|with appreciation|rgds|br|kr|rg|bests|ciao|"
    r"love|lots of love|much love|xoxo|hugs|later|see you(?: (?:soon|later|then))?|talk (?:soon|to you (?:soon|later))|your (?:pal|friend)|"
    r"have a (?:great|good|nice|wonderful) (?:day|weekend|week|evening|one)|"
    r"mit (?:freundlichen?|besten?|herzlichen?) gr(?:ü|ue)(?:ß|ss)(?:en?)?|freundliche gr(?:ü|ue)(?:ß|ss)e|"
    r"(?:viele|liebe|beste|herzliche|sch(?:ö|oe)ne) gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss)|mfg|vg|lg|danke(?: und gr(?:ü|ue)(?:ß|ss)e)?|"
    r"cordialement|bien (?:cordialement|à vous)|salutations(?: distinguées)?|merci(?: d['’]avance)?|amicalement|bonne journée|"
    r"saludos(?: cordiales)?|atentamente|cordialmente|un (?:cordial )?saludo|gracias|cordiali saluti|distinti saluti|saluti|grazie|"
    r"atenciosamente|att|cumprimentos|obrigad[oa]|abraços?|met vriendelijke groet(?:en)?|(?:vriendelijke )?groet(?:en|jes)?|mvh|"
    r"(?:med )?vänliga hälsningar|hälsningar|med venlig hilsen|(?:med )?vennlig hilsen|venlig hilsen|hilsen|"
    r"z poważaniem|pozdrawiam|s pozdravem|с уважением|з повагою|ystävällisin terveisin|terveisin|üdvözlettel|saygılarımla|"
    r"iyi çalışmalar|με εκτίμηση|cu stimă|hormat kami|trân trọng|此致|敬具|よろしくお願いします|감사합니다|בברכה"
)
CLOSING: Final = rf"^[ \t]*(?:{_WISHES})(?:[ \t]*[,.!;:–—-][^\n]*)?[ \t]*$"
"""A closing line by itself or with a name behind it."""

ONLY_CLOSING: Final = (
    rf"^[ \t]*(?:{_WISHES})[ \t]*(?:[,.!;:–—-]+[ \t]*(?:(?:{_WISHES})[ \t]*[,.!]*[ \t]*)?(?-i:\p{{Lu}}[\pL.'’-]*"
    rf"(?:[ \t]+\p{{Lu}}[\pL.'’-]*)?(?:[ \t]+\p{{Lu}}[\pL.'’-]*)?)?[ \t]*[.,_-]*|[,.!;:–—-]*)[ \t]*$"
)
"""The same, and really no more than the name."""

NOTICE: Final = (
    r"^[ \t*_-]*(?:confidentiality (?:notice|note|statement)|confidential(?:ity)?[ \t]*:|privileged and confidential|(?:legal )?disclaimer\b|"
    r"(?:the )?(?:information|contents?) (?:contained |transmitted )?(?:in|with) this (?:e-?mail|message|communication|transmission)|"
    r"this (?:e-?mail|message|communication|transmission|electronic (?:mail|message))[^\n]*(?:confidential|privileged|intended|property of)|"
    r"this (?:e-?mail|message|communication) (?:and|including) any attach|(?:notice|important)[ \t]*: this (?:e-?mail|message)|diese (?:e-?mail|nachricht)[^\n]*vertraulich|"
    r"ce (?:message|courriel)[^\n]*confidentiel|este (?:mensaje|correo|e-?mail)[^\n]*confidencial|"
    r"questo messaggio[^\n]*(?:riservat|confidenzial)|esta mensagem[^\n]*confidencia|dit bericht[^\n]*vertrouwelijk|"
    r"(?:please )?consider the environment before printing|do you yahoo)"
)
"""How notices below a signature begin."""
