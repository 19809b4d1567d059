"""Short public refs: what replies, `Received`, journal, logs and notices call one message by."""

import os
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 13
"""Letters of a ref: 65 bits, so that a thousand million of them meet with a chance of about one in a hundred."""


def new_ref() -> str:
    """A fresh random ref, 13 letters and digits without I, L, O and U, so that it can be read out over a telephone."""
    number = int.from_bytes(os.urandom(9), "big")
    return "".join([_LETTERS[(number >> shift) & 31] for shift in range(0, 5 * LENGTH, 5)])
