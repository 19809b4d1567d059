"""Validators: is this text really such an identifier, which part of it, and in which format is it written."""

from collections.abc import Mapping
from typing import Final

from smtp_gate.detect.validators.base import IRREGULAR, PLAIN, SEPARATED, Validator
from smtp_gate.detect.validators.dates import NAMED, NUMERIC, date_of_birth
from smtp_gate.detect.validators.money import aba_routing, iban, payment_card
from smtp_gate.detect.validators.people import us_ssn

VALIDATORS: Final[Mapping[str, Validator]] = {
    "us_ssn": us_ssn,
    "payment_card": payment_card,
    "aba_routing": aba_routing,
    "iban": iban,
    "date_of_birth": date_of_birth,
}
"""Every validator by the name that packs use."""

FORMATS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(),
    "us_ssn": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "payment_card": frozenset({SEPARATED, PLAIN, IRREGULAR}),
    "aba_routing": frozenset({SEPARATED, PLAIN}),
    "iban": frozenset({SEPARATED, PLAIN}),
    "date_of_birth": frozenset({NAMED, NUMERIC}),
}
"""The formats that each validator gives, so that a level asking for another one is refused at load."""
