"""What the demo says of its mail is what it compared."""

import pytest

from smtp_gate.cli.demo import changed_on_the_way
from smtp_gate.cli.samples import samples

SENT = [sample.octets for sample in samples()]
RECEIVED = b"Received: from mail.milwaukee.gov ([127.0.0.1])\r\n\tby gate.demo with ESMTP id 1;\r\n\tMon, 2 Mar 2026 15:04:05 +0000\r\n"


def test_mail_with_one_received_line_more_is_unchanged() -> None:
    assert changed_on_the_way([RECEIVED + octets for octets in SENT], SENT) == 0


@pytest.mark.parametrize(
    "delivered",
    [
        SENT[0],
        RECEIVED + RECEIVED + SENT[0],
        RECEIVED + b"X-Other: 1\r\n" + SENT[0],
        RECEIVED + SENT[0] + b"\r\n",
        RECEIVED + SENT[0].replace(b"\r\n", b"\n", 1),
        RECEIVED.removesuffix(b"\r\n") + SENT[0],
        b"",
    ],
)
def test_any_other_octet_is_seen(delivered: bytes) -> None:
    assert changed_on_the_way([delivered, RECEIVED + SENT[1]], SENT) == 1
