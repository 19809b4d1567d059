"""Identifiers of people: Social Security numbers."""

from stdnum.us import ssn

from smtp_gate.detect.validators.base import DIGITS, IRREGULAR, PLAIN, SEPARATED, Checked, whole


def us_ssn(value: str) -> Checked | None:
    """A Social Security number: nine digits or 3-2-4, an area, group and serial that are issued, no published fake.

    Hyphens or dots make it `separated`; spaces or mixed signs, which columns of numbers have too, `irregular`.
    """
    groups = DIGITS.findall(value)
    digits = "".join(groups)
    if list(map(len, groups)) not in ([9], [3, 2, 4]):
        return None
    # One digit nine times and the digits in order are what people type into a form that they do not want to fill in.
    if len(set(digits)) == 1 or digits in {"123456789", "987654321"} or not ssn.is_valid(digits):
        return None
    if len(groups) == 1:
        return whole(value, PLAIN)
    between = DIGITS.sub(" ", value).split()
    return whole(value, SEPARATED if between in (["-", "-"], [".", "."]) else IRREGULAR)
