"""Vehicle identification numbers."""

import string
from typing import Final

from smtp_gate.detect.validators.base import PLAIN, Checked, whole

LENGTH: Final = 17
_VALUES: Final = dict(
    zip(
        string.digits + "ABCDEFGHJKLMNPRSTUVWXYZ",
        (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)),
        strict=True,
    )
)
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_NO_YEAR: Final = frozenset("UZ0")


def vin(value: str) -> Checked | None:
    """A vehicle's number (49 CFR 565): 17 signs without I, O and Q, the check digit ninth, a model year tenth.

    The check digit is required, so vehicles made for other markets alone are not told from serial numbers.
    """
    compact = value.upper()
    if len(compact) != LENGTH or any(c not in _VALUES for c in compact) or compact[9] in _NO_YEAR:
        return None
    # A number of digits alone is a parcel's or an order's; a vehicle's maker has a letter in its code or its plant.
    if compact.isdigit() or compact.isalpha() or not compact[-4:].isdigit():
        return None
    rest = sum(_VALUES[c] * w for c, w in zip(compact, _WEIGHTS, strict=True)) % 11
    if compact[8] != ("X" if rest == 10 else str(rest)):
        return None
    return whole(value, PLAIN)
