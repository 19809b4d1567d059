"""Validators: is this text really such an identifier, which part of it, and in which format is it written."""

from collections.abc import Mapping
from typing import Final

from smtp_gate.detect.validators.base import IRREGULAR, PLAIN, SEPARATED, Validator
from smtp_gate.detect.validators.dates import NAMED, NUMERIC, date_of_birth
from smtp_gate.detect.validators.health import (
    DIRECT,
    DOTTED,
    LOOSE,
    dea_number,
    icd_10,
    medicare_mbi,
    npi,
    record_number,
)
from smtp_gate.detect.validators.licences import driver_license, wi_driver_license
from smtp_gate.detect.validators.markings import CONFIDENTIAL, PRIVILEGED, handling_marking
from smtp_gate.detect.validators.money import aba_routing, account_number, iban, payment_card, swift_bic
from smtp_gate.detect.validators.passwords import (
    CLEAR,
    LIKELY,
    POSSIBLE,
    login_pair,
    password,
    password_cell,
    password_reversed,
    password_table,
)
from smtp_gate.detect.validators.people import LETTERED, us_ein, us_itin, us_passport, us_ssn
from smtp_gate.detect.validators.rows import BORN, NUMBERED, REACHED, UNNAMED, person_row
from smtp_gate.detect.validators.secrets import (
    ENCRYPTED,
    assigned_secret,
    authorization,
    drawn,
    jwt,
    login_line,
    password_hash,
    private_key,
    token,
    url_password,
)
from smtp_gate.detect.validators.vehicles import vin

VALIDATORS: Final[Mapping[str, Validator]] = {
    "us_ssn": us_ssn,
    "us_itin": us_itin,
    "us_ein": us_ein,
    "us_passport": us_passport,
    "wi_driver_license": wi_driver_license,
    "driver_license": driver_license,
    "vin": vin,
    "payment_card": payment_card,
    "aba_routing": aba_routing,
    "iban": iban,
    "swift_bic": swift_bic,
    "account_number": account_number,
    "date_of_birth": date_of_birth,
    "password": password,
    "login_pair": login_pair,
    "password_reversed": password_reversed,
    "password_table": password_table,
    "password_cell": password_cell,
    "token": token,
    "jwt": jwt,
    "private_key": private_key,
    "url_password": url_password,
    "authorization": authorization,
    "assigned_secret": assigned_secret,
    "drawn": drawn,
    "login_line": login_line,
    "password_hash": password_hash,
    "medicare_mbi": medicare_mbi,
    "npi": npi,
    "dea_number": dea_number,
    "record_number": record_number,
    "icd_10": icd_10,
    "person_row": person_row,
    "handling_marking": handling_marking,
}
"""Every validator by the name that packs use."""

FORMATS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(),
    "us_ssn": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "us_itin": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "us_ein": frozenset({SEPARATED, PLAIN}),
    "us_passport": frozenset({LETTERED, PLAIN}),
    "wi_driver_license": frozenset({SEPARATED, PLAIN}),
    "driver_license": frozenset({LETTERED, PLAIN}),
    "vin": frozenset({PLAIN}),
    "payment_card": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "aba_routing": frozenset({SEPARATED, PLAIN}),
    "iban": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "swift_bic": frozenset({PLAIN}),
    "account_number": frozenset({SEPARATED, PLAIN}),
    "date_of_birth": frozenset({NAMED, NUMERIC}),
    "password": frozenset({CLEAR, LIKELY, POSSIBLE}),
    "login_pair": frozenset({CLEAR, LIKELY}),
    "password_reversed": frozenset({LIKELY}),
    "password_table": frozenset({CLEAR, LIKELY}),
    "password_cell": frozenset({CLEAR, POSSIBLE}),
    "token": frozenset({CLEAR}),
    "jwt": frozenset({CLEAR}),
    "private_key": frozenset({CLEAR, ENCRYPTED}),
    "url_password": frozenset({CLEAR, LIKELY}),
    "authorization": frozenset({CLEAR}),
    "assigned_secret": frozenset({CLEAR, LIKELY}),
    "drawn": frozenset({CLEAR}),
    "login_line": frozenset({CLEAR, LIKELY, POSSIBLE}),
    "password_hash": frozenset({CLEAR}),
    "medicare_mbi": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "npi": frozenset({SEPARATED, PLAIN}),
    "dea_number": frozenset(),
    "record_number": frozenset({DIRECT, LOOSE}),
    "icd_10": frozenset({DOTTED, PLAIN}),
    "person_row": frozenset({BORN, NUMBERED, REACHED, UNNAMED}),
    "handling_marking": frozenset({PRIVILEGED, CONFIDENTIAL}),
}
"""The formats that each validator gives, so that a level asking for another one is refused at load."""
