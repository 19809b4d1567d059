"""The sample mail of `smtp-gate demo`: what a city's mail looks like on an ordinary and on a bad morning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One message to send: a title for people, the envelope, and the content with LF line ends."""

    title: str
    sender: str
    recipients: tuple[str, ...]
    content: str

    @property
    def octets(self) -> bytes:
        """The content as it is sent: UTF-8 with CRLF line ends."""
        return self.content.replace("\n", "\r\n").encode()


def _mail(author: str, to: str, subject: str, body: str, number: int) -> str:
    return (
        f"From: {author}\nTo: {to}\nSubject: {subject}\n"
        f"Date: Mon, 2 Mar 2026 09:0{number}:00 -0600\nMessage-ID: <demo-{number}@milwaukee.gov>\n"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{body}\n"
    )


DANA = "Dana Okafor <dokafor@milwaukee.gov>"
CARLA = "Carla Diaz <cdiaz@milwaukee.gov>"
NANCY = "Nancy Robles <nrobles@milwaukee.gov>"
SIGNATURE = "-- \nDana Okafor\nComptroller's Office, City of Milwaukee"


def samples() -> tuple[Sample, ...]:
    """The sample messages in the order they are sent."""
    return (
        Sample(
            "An agenda for a resident who uses free-mail",
            "dokafor@milwaukee.gov",
            ("lee.park.1958@gmail.com",),
            _mail(
                DANA,
                "lee.park.1958@gmail.com",
                "Re: Thursday's hearing",
                f"Dear Mr. Park,\n\nthe hearing on permit 2026-0417 starts at 9:30 in room 301-B.\n\n{SIGNATURE}",
                1,
            ),
        ),
        Sample(
            "A Social Security number to an outside address",
            "dokafor@milwaukee.gov",
            ("claims@insurer.example",),
            _mail(
                DANA,
                "claims@insurer.example",
                "Claim for our retiree",
                f"Hello,\n\nher Social Security number is 536-90-4399, please open the claim.\n\n{SIGNATURE}",
                2,
            ),
        ),
        Sample(
            "A card number to a colleague and to a vendor: one copy goes on, the other is held",
            "dokafor@milwaukee.gov",
            ("nrobles2@milwaukee.gov", "orders@vendor.example"),
            _mail(
                DANA,
                "nrobles2@milwaukee.gov, orders@vendor.example",
                "Conference booking",
                f"Please use the department's Visa card 4111 1111 1111 1111, expires 09/27.\n\n{SIGNATURE}",
                3,
            ),
        ),
        Sample(
            "A contractor who does not say who she is",
            "cdiaz@milwaukee.gov",
            ("bids@builder.example",),
            _mail(
                CARLA,
                "bids@builder.example",
                "Site visit",
                "Let us meet at the bridge on Friday.\n\n-- \nCarla Diaz",
                4,
            ),
        ),
        Sample(
            "The same contractor, with the statement in her signature",
            "cdiaz@milwaukee.gov",
            ("bids@builder.example",),
            _mail(
                CARLA,
                "bids@builder.example",
                "Site visit",
                "Let us meet at the bridge on Friday.\n\n-- \nCarla Diaz\nContractor, not an employee of the City of Milwaukee",
                5,
            ),
        ),
        Sample(
            "City papers to the sender's own personal address",
            "dokafor@milwaukee.gov",
            ("danaokafor@gmail.com",),
            _mail(DANA, "danaokafor@gmail.com", "Fwd: draft budget", f"To finish at home.\n\n{SIGNATURE}", 6),
        ),
        Sample(
            "From the account that she had before her transfer",
            "nrobles@milwaukee.gov",
            ("audit@partner.example",),
            _mail(
                NANCY,
                "audit@partner.example",
                "Audit schedule",
                "The auditors come on Tuesday.\n\n-- \nNancy Robles",
                7,
            ),
        ),
        Sample(
            "Under the name of an official",
            "dokafor@milwaukee.gov",
            ("bids@builder.example",),
            _mail(
                "Ruth Baptiste <dokafor@milwaukee.gov>",
                "bids@builder.example",
                "Extension granted",
                "You have another two weeks.\n\nRuth Baptiste",
                8,
            ),
        ),
    )
