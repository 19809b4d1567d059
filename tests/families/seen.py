"""Messages as families see them: written as text, read by the real reader, with the accounts a test names."""

from smtp_gate.core.facts import Account, Facts, directory
from smtp_gate.core.message import Envelope, Message
from smtp_gate.core.view import MessageView
from smtp_gate.reading.limits import Limits
from smtp_gate.reading.reader import read
from tests.builders import RECEIVED, envelope

DANA = Account("dokafor@milwaukee.gov", name="Dana Okafor", personal=("dana.okafor.home@gmail.com",))
CARLA = Account("cdiaz@milwaukee.gov", name="Carla Diaz", status="contractor")


def seen(text: str, env: Envelope | None = None) -> MessageView:
    """The view of a message written with LF line ends."""
    content = text.replace("\n", "\r\n").encode()
    return read(Message("TESTREF0001", env or envelope(), content, RECEIVED), Limits(), {})


def knowing(*accounts: Account) -> Facts:
    """Facts in which these accounts are known."""
    return Facts({directory(a.address.casefold()): a for a in accounts})
