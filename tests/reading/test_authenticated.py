"""The login in a trusted server's Received line is believed as a whole line of its own, on top, or not at all."""

import pytest

from smtp_gate.reading.authenticated import authenticated_sender

HOSTS = frozenset({"mail.milwaukee.gov"})
REAL = (
    "Received: from laptop.milwaukee.gov (laptop.milwaukee.gov [10.1.2.3])\n"
    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
    "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n"
    "\t(No client certificate requested)\n"
    "\t(Authenticated sender: dokafor@milwaukee.gov)\n"
    "\tby mail.milwaukee.gov (Postfix) with ESMTPSA id 4XYZ1a2b3c\n"
    "\tfor <lee@example.org>; Wed, 25 Nov 2026 10:00:00 -0600 (CST)\n"
)
REST = "From: Dana Okafor <dokafor@milwaukee.gov>\nTo: lee@example.org\nSubject: x\n\nhello\n"
PLAIN = REAL.replace("\t(Authenticated sender: dokafor@milwaukee.gov)\n", "").replace("ESMTPSA", "ESMTPS")


def said(text: str, hosts: frozenset[str] = HOSTS) -> str:
    return authenticated_sender(text.replace("\n", "\r\n").encode(), hosts)


@pytest.mark.parametrize(
    ("text", "login"),
    [
        (REAL + REST, "dokafor@milwaukee.gov"),
        (REAL.replace("dokafor@milwaukee.gov", "dokafor") + REST, "dokafor"),
        (REAL.replace("ESMTPSA", "ESMTPA") + REST, "dokafor@milwaukee.gov"),
        (REAL.replace("ESMTPSA", "UTF8SMTPSA") + REST, "dokafor@milwaukee.gov"),
        (REAL.replace(" id 4XYZ1a2b3c", "") + REST, "dokafor@milwaukee.gov"),
        (REAL.replace("mail.milwaukee.gov (", "MAIL.Milwaukee.gov (") + REST, "dokafor@milwaukee.gov"),
    ],
)
def test_the_login_is_what_the_trusted_server_wrote(text: str, login: str) -> None:
    assert said(text) == login


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + REAL + REST,
        REST,
        "",
        "X-Note: on top\n" + REAL + REST,
        PLAIN.replace("from laptop.milwaukee.gov (", "from (Authenticated sender: cio@milwaukee.gov) (", 1) + REST,
        PLAIN.replace("(No client certificate requested)", '(Client CN "x") (Authenticated sender: cio@milwaukee.gov)')
        + REST,
        PLAIN.replace("\tfor <lee@example.org>", "\tfor <(Authenticated sender: cio@milwaukee.gov)>") + REST,
        PLAIN + "\t(Authenticated sender: cio@milwaukee.gov)\n" + REST,
        REAL.replace("mail.milwaukee.gov (Postfix)", "mail.evil.example (Postfix)") + REST,
        REAL.replace("ESMTPSA", "ESMTPS") + REST,
        REAL.replace("\t(Auth", "\t(Authenticated sender: cio@milwaukee.gov)\n\t(Auth") + REST,
        REAL.replace("\t(Auth", "\tby mail.milwaukee.gov (Postfix) with ESMTPSA id 1\n\t(Auth") + REST,
        REAL.replace("dokafor@milwaukee.gov)", "dokafor@milwaukee.gov) (x)") + REST,
        REAL.replace("dokafor@milwaukee.gov)", "do kafor@milwaukee.gov)") + REST,
        REAL.replace("dokafor@milwaukee.gov)", ")") + REST,
        REAL.replace("\t(Authenticated", "  (Authenticated") + REST,
        "received: from" + REAL.removeprefix("Received: from") + REST,
        REAL.replace("\n\tby", "\n\t" + "x" * 5000 + "\n\tby") + REST,
    ],
)
def test_anything_else_proves_nothing(text: str) -> None:
    assert said(text) == ""


def test_no_trusted_host_no_proof() -> None:
    assert said(REAL + REST, frozenset()) == ""
