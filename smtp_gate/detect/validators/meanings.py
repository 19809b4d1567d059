"""What validators let pass and what their formats and the masks say, in a line for people who write detectors."""

from typing import Final

_LOGIN: Final = "; words that go on in a sentence, placeholders, masks and code do not pass"
_DRAWN: Final = "; examples and placeholders do not pass"

VALIDATOR_MEANINGS: Final = {
    "us_ssn": "Social Security numbers that can be assigned, published samples left out",
    "us_itin": "taxpayers' numbers: 9, and a group in use",
    "us_ein": "employers' numbers: a prefix in use",
    "us_passport": "passport numbers: nine digits, or a letter and eight",
    "wi_driver_license": "Wisconsin's licences: the code of the name, and a day of birth that exists",
    "driver_license": "the shapes of all states' licences; no telephones, days and ZIP codes",
    "vin": "vehicles' numbers with their check digit",
    "payment_card": "the ranges, lengths and check digit of payment cards",
    "aba_routing": "routing numbers: the districts in use and the check digit",
    "iban": "bank account numbers with the country's length and check digits",
    "swift_bic": "codes of banks, of countries that people wire money to",
    "account_number": "6 to 17 digits that are no telephone",
    "date_of_birth": "days on which somebody alive may have been born",
    "password": f"a password behind its label (`pw is X`), of which the value is cut out{_LOGIN}",
    "login_pair": f"an account and its password side by side (`login: jdoe / X`){_LOGIN}",
    "password_reversed": f"a password in front of its label (`X is the password`){_LOGIN}",
    "password_table": f"the first password below a column of that name{_LOGIN}",
    "password_cell": "what a cell holds, where its column is one of passwords",
    "token": f"tokens whose shape says whose they are, and that look drawn at random{_DRAWN}",
    "jwt": f"signed web tokens: three pieces, the first of which names an algorithm{_DRAWN}",
    "private_key": "private keys with a body, in PEM, OpenSSH, PGP or PuTTY form",
    "url_password": "the password in a URL",
    "authorization": "credentials in a header of HTTP: `Basic`, `Bearer`",
    "assigned_secret": f"a drawn value behind a name such as `api_key`{_DRAWN}",
    "drawn": f"a value that looks drawn at random{_DRAWN}",
    "login_line": "the password in a line that a program reads: .netrc, .pgpass, `curl -u`, `sshpass -p`",
    "password_hash": "hashes in a file of passwords (crypt)",
    "medicare_mbi": "Medicare numbers: eleven signs in the order that CMS sets",
    "npi": "providers' numbers with their check digit",
    "dea_number": "prescribers' registrations with their check digit",
    "record_number": "a label that begins the candidate, and five to twelve digits that end it",
    "icd_10": "the shape of a diagnosis code",
    "person_row": "a name beside a day of birth, a number, a phone number or a street, which alone is the value",
    "handling_marking": "a line or a subject that is a marking and nothing else",
}
"""What each validator lets pass."""

FORMAT_MEANINGS: Final = {
    "separated": "written in its usual groups, with a separator between them",
    "plain": "letters and digits alone, nothing between them",
    "irregular": "grouped in an unusual way",
    "lettered": "with its letters",
    "named": "the month as a word",
    "numeric": "the month in digits",
    "clear": "hardly anything else can be meant",
    "likely": "something else is possible",
    "possible": "something else is as likely",
    "encrypted": "a pass phrase protects the key",
    "direct": "right behind the label",
    "loose": "with words between label and number",
    "dotted": "with its dot",
    "born": "the row has a day of birth",
    "numbered": "the row has a number",
    "reached": "the row has a phone number or a street",
    "unnamed": "the row has no name",
    "privileged": "marked as privileged",
    "confidential": "marked as confidential",
}
"""What each format says of a match."""

MASK_MEANINGS: Final = {
    "last4": "the last four of nine or more letters and digits are shown, of fewer none",
    "all": "everything is covered",
}
"""What each mask shows."""
