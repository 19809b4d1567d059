"""A family for tests: finds a word in the raw octets of a message, and asks the directory where it is told to."""

from collections.abc import Collection, Iterable
from datetime import UTC
from pathlib import Path

from smtp_gate.core.facts import FactKey, Facts, directory
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView, Region, RegionKind
from smtp_gate.families.base import Params
from smtp_gate.ruleset.build import BuildSettings, Loaded, load
from smtp_gate.ruleset.plugins import Families

SETTINGS = BuildSettings(frozenset({"milwaukee.gov"}), UTC, "Ask the help desk.")


class Find(Params):
    """A word and a count."""

    word: str
    """The word."""
    times: int = 1
    """How often."""


class ToyParams(Params):
    """Parameters of the test family."""

    find: Find
    """What is looked for."""
    detector: str = ""
    """A detector, only to be named."""
    regions: dict[str, int | str] = {}  # noqa: RUF012 - pydantic copies defaults
    """Shifts by region."""
    ask: bool = False
    """Whether the sender must be a contractor of the directory."""
    first: bool = False
    """Whether only the first recipient is concerned."""


class Toy:
    """Finds `find.word` in the octets of the message."""

    name = "toy"
    schema = ToyParams
    reads_content = True

    def detectors(self, params: ToyParams) -> Collection[str]:
        return (params.detector,) if params.detector else ()

    def needs(self, view: MessageView, params: ToyParams) -> Collection[FactKey]:
        return (directory(view.envelope.sender.key),) if params.ask else ()

    def check(self, view: MessageView, facts: Facts, params: ToyParams) -> Iterable[Finding]:
        body = view.message.content.partition(b"\r\n\r\n")[2]
        if params.ask:
            account = facts.account(view.envelope.sender.key)
            if account is None or account.status != "contractor":
                return
        if body.count(params.find.word.encode()) >= params.find.times:
            concerned = frozenset({0}) if params.first else None
            yield Finding(Region(RegionKind.OWN), detector="word", recipients=concerned)


class Blind(Toy):
    """The same under a name whose content does not matter."""

    name = "blind"
    reads_content = False


TOY = Toy()
TOYS = Families({"toy": TOY, "blind": Blind()}, {"lame": "ImportError: no module"})

RULE = """\
  - id: toy.word
    title: The word stays here
    policy: P-DECENT
    family: toy
    when:
      recipients: external
    find: {word: secret}
    action: quarantine
    message: "{count} in {where}. {way_out}"
    examples:
      hit:
        - text: the secret plan
      miss:
        - text: the open plan
        - {from: a@milwaukee.gov, to: b@milwaukee.gov, text: the secret plan}
"""
PACK = "pack: toys\nrules:\n" + RULE


def loaded(folder: Path, pack: str | bytes = PACK, settings: BuildSettings = SETTINGS) -> Loaded:
    """Load one pack from text."""
    file = folder / "toys.yaml"
    file.write_bytes(pack if isinstance(pack, bytes) else pack.encode())
    return load([file], settings, TOYS)
