"""A city's files, each broken in one way: packs, settings, directory and waivers, with the place where it must be told."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smtp_gate.config import load_config
from smtp_gate.ruleset.marks import Mistake
from smtp_gate.server.rules import load_rulebook

SETTINGS = """\
internal_domains: [milwaukee.gov]
timezone: America/Chicago
hostname: gate.test
listeners:
  - name: outbound
    listen: 127.0.0.1:0
next_hop: 127.0.0.1:10026
data_dir: data
rules: rules
directory: directory.csv
"""
DIRECTORY = """\
address,name,status,groups
dokafor@milwaukee.gov,Dana Okafor,employee,benefits-office
cdiaz@milwaukee.gov,Carmen Diaz,contractor,
"""
PACK = """\
pack: city
rules:
  - id: city.permit
    title: Permit numbers leave only in reports
    policy: P-SENSITIVE
    family: sensitive
    when:
      recipients: external
    find:
      any:
        - detector: permit
          min_level: high
    action: quarantine
    unless:
      - sender: "group:benefits-office"
        recipients: "domain:irs.gov"
    message: "{count} permit number(s) in {where}. {way_out}"
    examples:
      hit:
        - text: "permit PX-2026-00417 is due"
      miss:
        - text: "Invoice PX-2026-00417"
detectors:
  permit:
    primary:
      regex: '\\bPX-\\d{4}-\\d{5}\\b'
    levels:
      high:
        all: [{keywords: permits, within: 100}]
    mask: last4
keywords:
  permits: [permit, inspection]
waivers:
  - id: EX-14
    rule: city.permit
    sender: dokafor@milwaukee.gov
    recipients: "domain:irs.gov"
    owner: comptroller
    approver: cio
    ticket: RITS-991
    reason: quarterly filing
    expires: 2099-03-31
"""
WHOLE = {"smtp-gate.yaml": SETTINGS, "directory.csv": DIRECTORY, "rules/city.yaml": PACK}


@dataclass(frozen=True)
class Broken:
    """One file with a `§` where the mistake stands, and a word of what must be said. `also` says that other mistakes follow from it."""

    name: str
    file: str
    content: bytes
    word: str
    also: bool = False

    @property
    def place(self) -> tuple[int, int]:
        before = self.content[: self.content.index("§".encode())].decode("utf-8", "replace")
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def write(self, folder: Path) -> Path:
        """The city's files with this one broken; the path of the broken one."""
        for name, text in WHOLE.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        file = folder / self.file
        file.write_bytes(self.content.replace("§".encode(), b""))
        return file


@dataclass(frozen=True)
class Told:
    """What loading said: every mistake, and whether anything was loaded in spite of it."""

    mistakes: tuple[Mistake, ...]
    loaded: bool

    @property
    def errors(self) -> list[Mistake]:
        return [m for m in self.mistakes if m.is_error]


def load_city(folder: Path) -> Told:
    """Load the city's files as `check`, `serve` and a reload do."""
    found = load_config(folder / "smtp-gate.yaml")
    if found.config is None:
        return Told(found.mistakes, loaded=False)
    book = load_rulebook(found.config)
    return Told((*found.mistakes, *book.mistakes), book.ruleset is not None)


# Where it stands in the whole file, and what stands there instead, with the place of the mistake; a word of the message.
_IN_PACK = {
    "no break before the colon": ("family: sensitive", "§family:sensitive", "could not find"),
    "tab as indentation": ("    family:", "§\t family:", "tab"),
    "quote that goes on and on": ('message: "{count}', "message: §'{count}", "did not find expected key"),
    "bracket never closed": ("all: [{keywords: permits, within: 100}]", "all: §[{keywords: permits, within: 100}", "flow"),
    "colon in a title": ("Permit numbers leave", "Permit numbers§: leave", "mapping values"),
    "key indented too little": ("    action: q", "   §action: q", "block"),
    "second document": ("waivers:\n", "§---\nwaivers:\n", "second document"),
    "merge conflict": ("detectors:\n", "§<<<<<<< HEAD\ndetectors:\n", "could not find"),
    "percent at the front": ("title: Permit", "title: §%Permit", "cannot start"),
    "unknown tag": ("title: Permit", "title: §!include Permit", "tag"),
    "alias of nothing": ("policy: P-SENSITIVE", "policy: §*policy", "named &policy"),
    "key twice": ("    action: q", "    action: reject\n    §action: q", "twice"),
    "escape in double quotes": ("'\\bPX", '"§\\dPX', "escape"),
    "control sign": ("title: Permit", "title: §\x01Permit", "control character"),
    "number as key": ("keywords:\n", "keywords:\n  §1099: [form]\n", "key must be a word"),
    "pack name with a space": ("pack: city", "pack: §the city", "id expected"),
    "section misspelt": ("detectors:\n", "§detector:\n", "unknown key `detector`"),
    "section of the wrong kind": ("keywords:\n  permits: [permit, inspection]", "keywords: §[permit]", "mapping of names"),
    "section left empty": ("keywords:\n  permits: [permit, inspection]", "§keywords:", "mapping of names"),
    "rule without an id": ("- id: city.permit\n    title", "- §title", "`id` is missing"),
    "rule without examples": (PACK[PACK.index("    examples:") : PACK.index("detectors:")], "", "`examples` is missing"),
    "id in capitals": ("id: city.permit\n    title", "id: §City.Permit\n    title", "id expected"),
    "unknown clause": ("P-SENSITIVE", "§P-SENSITIV", "unknown clause"),
    "unknown family": ("family: sensitive", "family: §senstive", "unknown family"),
    "unknown action": ("action: quarantine", "action: §hold", "not one of accept"),
    "a switch that is a word": ("action: quarantine", "action: quarantine\n    mode: §off please", "not one of enforce"),
    "a number with a zero before it": ("within: 100", "within: §0", "greater than"),
    "a number with an underscore": ("within: 100", "within: §1_00", "whole number"),
    "no is a word": ("mask: last4", "mask: §no", "mask"),
    "planned key": ("action: quarantine", "action: quarantine\n    §also: [notify]", "not implemented"),
    "unknown key of a rule": ("    action: q", "    §acton: reject\n    action: q", "unknown key `acton`"),
    "sender is nobody": ("recipients: external", "recipients: §outside", "does not say who"),
    "domain with an at sign": ('recipients: "domain:irs.gov"\n    message', 'recipients: §"domain:@irs.gov"\n    message', "not a domain"),
    "group that nobody is in": ("group:benefits-office", "group:benefit-office", "no account is in"),
    "unless for nobody": ('      - sender: "group:benefits-office"\n        recipients: "domain:irs.gov"\n', "      §- {}\n", "spare everybody"),
    "region that is not looked at": ("    find:\n", "    regions: {quoted: §off}\n    find:\n", "less closely"),
    "region weakened": ("    find:\n", "    regions: {own: 1, signature: §-1}\n    find:\n", "less closely"),
    "unknown region": ("    find:\n", "    regions: {§qouted: 1}\n    find:\n", "not one of"),
    "unknown placeholder": ('"{count} permit', '§"{cuont} permit', "{cuont}"),
    "unknown detector": ("- detector: permit", "- detector: §permits", "unknown detector"),
    "unknown level": ("min_level: high", "min_level: §sure", "not one of high"),
    "clause without a detector": ("- detector: permit\n          min_level", "- §min_level", "`detector` is missing"),
    "hit that is not found": ('- text: "permit PX', '- §text: "licence PX', "the hit example 1"),
    "miss that is found": ('- text: "Invoice PX', '- §text: "Permit PX', "the miss example 1"),
    "same mail as hit and miss": ('"Invoice PX-2026-00417"', '"permit PX-2026-00417 is due"', "is a hit of this rule as well"),
    "case that is not there": ('- text: "Invoice PX-2026-00417"', "- §case: cases/none.eml", "the miss example 1"),
    "look-ahead": ("'\\bPX-", "§'(?!X)PX-", "look-ahead"),
    "bracket in a pattern": ("\\d{5}\\b'", "(\\d{5}\\b'", "regex"),
    "pattern of everything": ("'\\bPX-\\d{4}-\\d{5}\\b'", "§'\\w+'", "ordinary text"),
    "slow pattern": ("'\\bPX-\\d{4}-\\d{5}\\b'", "§'(a|b)*a(a|b){200}'", "of the processor"),
    "unknown validator": ("    levels:\n", "      validator: §us_snn\n    levels:\n", "validator"),
    "unknown keyword list": ("keywords: permits", "keywords: §permit", "unknown keyword list"),
    "evidence without a window": ("[{keywords: permits, within: 100}]", "[§{keywords: permits}]", "`within` is missing"),
    "keyword of one letter": ("[permit, inspection]", "[permit, §x]", "nearly every text"),
    "waiver without an owner": ("- id: EX-14\n", "- §id: EX-14\n", "`owner` is missing"),
    "waiver of no rule": ("rule: city.permit", "rule: §city.permits", "unknown rule"),
    "waiver without a day": ("2099-03-31", "§31.3.2099", "a date expected"),
    "waiver for a slip": ("sender: dokafor@milwaukee.gov", "sender: §dokafor", "does not say who"),
    "waiver twice": ("waivers:\n", "waivers:\n  - {id: EX-14, rule: city.permit, sender: cdiaz@milwaukee.gov, owner: a, approver: b, ticket: c, reason: d, expires: 2099-01-01}\n", "stands here twice"),
}  # fmt: skip
_WITH_MORE = {
    "section misspelt", "section of the wrong kind", "section left empty", "rule without an id", "id in capitals",
    "pack cut in a word", "pack cut behind a key",
}  # fmt: skip
_MARKED_ELSEWHERE = {
    "rule without examples": ("- id: city.permit\n    title", "- §id: city.permit\n    title"),
    "group that nobody is in": ('sender: "group', 'sender: §"group'),
    "same mail as hit and miss": ("miss:\n        - text", "miss:\n        - §text"),
    "bracket in a pattern": ("regex: '", "regex: §'"),
    "waiver without an owner": ("    owner: comptroller\n", ""),
    "waiver twice": ("- id: EX-14", "- id: §EX-14"),
}
_IN_SETTINGS = {
    "settings: unknown key": ("hostname:", "§hostnam:", "unknown key"),
    "settings: no next hop": ("next_hop: 127.0.0.1:10026\n", "", "`next_hop` is missing"),
    "settings: port too large": ("127.0.0.1:10026", "§127.0.0.1:100260", "host:port"),
    "settings: unknown time zone": ("America/Chicago", "§America/Milwaukee", ""),
    "settings: rules that are not there": ("rules: rules", "rules: §rulez", "does not exist"),
    "settings: domain": ("[milwaukee.gov]", "[§milwaukee..gov]", "not a domain"),
    "settings: bracket": ("[milwaukee.gov]", "§[milwaukee.gov", "flow"),
    "settings: directory": ("directory.csv", "§people.csv", "does not exist"),
    "settings: listener twice": (
        "next_hop:",
        "  - {name: §outbound, listen: 127.0.0.1:0}\nnext_hop:",
        "another listener",
    ),
}
_IN_DIRECTORY = {
    "directory: status that no rule knows": ("employee", "employe", "no rule knows", 2),
    "directory: no address": ("cdiaz@milwaukee.gov", "cdiaz", "address", 3),
    "directory: unknown column": ("name,status", "nam,status", "nam", 1),
    "directory: the same account twice": ("cdiaz@milwaukee.gov", "dokafor@milwaukee.gov", "", 3),
}
_FILES = {
    "pack that is empty": (b"\xc2\xa7", "a pack expected"),
    "pack of spaces": (b"\xc2\xa7  \n", "a pack expected"),
    "pack that is a list": (b"\xc2\xa7- city\n", "a pack expected"),
    "pack in another code": (PACK.replace("Permit numbers", "§\udcffPermit numbers").encode("utf-8", "surrogateescape"), "not UTF-8"),
    "pack in sixteen bits": (b"\xc2\xa7" + PACK.encode("utf-16"), "not UTF-8"),
    "pack of zeros": (b"\xc2\xa7" + bytes(2000), "control character"),
    "pack cut in a word": (PACK[: PACK.index("2099") + 6].encode() + "§".encode(), "no end"),
    "pack cut behind a key": (PACK[: PACK.index(" 2099")].encode() + "§".encode(), "no end"),
    "pack nested without end": (b"pack: city\nrules: " + b"[" * 999 + "§[".encode() + b"[" * 5000, "nest"),
}  # fmt: skip


def _swapped(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def broken_files() -> Iterator[Broken]:
    """Every one of them."""
    for name, (old, new, word) in _IN_PACK.items():
        text = _swapped(PACK, old, new)
        if name in _MARKED_ELSEWHERE:
            last = text.rpartition(_MARKED_ELSEWHERE[name][0])
            text = last[0] + _MARKED_ELSEWHERE[name][1] + last[2]
        yield Broken(name, "rules/city.yaml", text.encode(), word, also=name in _WITH_MORE)
    for name, (old, new, word) in _IN_SETTINGS.items():
        text = _swapped(SETTINGS, old, new)
        yield Broken(name, "smtp-gate.yaml", (text if "§" in text else "§" + text).encode(), word)
    for name, (old, new, word, line) in _IN_DIRECTORY.items():
        lines = _swapped(DIRECTORY, old, new).splitlines(keepends=True)
        lines[line - 1] = "§" + lines[line - 1]
        yield Broken(name, "directory.csv", "".join(lines).encode(), word)
    for name, (content, word) in _FILES.items():
        yield Broken(name, "rules/city.yaml", content, word, also=name in _WITH_MORE)
