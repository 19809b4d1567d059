"""What the gate's settings may say: the shape of smtp-gate.yaml, with defaults and descriptions."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from smtp_gate.config.directories import DirectorySettings, short_form
from smtp_gate.config.listeners import ListenerSettings, TlsMode
from smtp_gate.ruleset.build import BuildSettings
from smtp_gate.ruleset.lists import ListSource, why_no_feed, why_not
from smtp_gate.ruleset.packs import SHIPPED, shipped_rules
from smtp_gate.ruleset.schema import Id
from smtp_gate.ruleset.written import (
    Address,
    Domain,
    Duration,
    File,
    Flag,
    Folder,
    Line,
    Listen,
    ListOf,
    NewPath,
    Peer,
    Size,
    Written,
    wrong,
)

Positive = Annotated[int, Field(strict=True, gt=0)]


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong("a time zone expected", "like America/Chicago") from None


def _hop(value: object) -> object:
    """`host:port` and a list of them are short for a mapping with `hosts`."""
    return {"hosts": value} if isinstance(value, str | list) else value


def _feed(value: Path, info: ValidationInfo) -> Path:
    said = why_no_feed(value) if info.context else ""
    if said:
        raise wrong(f"the file cannot be used: {said}", "make it with `smtp-gate feeds build`")
    return value


def _shipped(value: object) -> object:
    """The word `shipped` stands for the packs of the installation, wherever that is."""
    if value != SHIPPED:
        return value
    found = shipped_rules()
    if found is None:
        raise wrong("this installation has no shipped packs", f"a folder of that name is written ./{SHIPPED}")
    return found


Packs = Annotated[
    Folder,
    BeforeValidator(_shipped),
    WithJsonSchema(
        {
            "type": "string",
            "description": "A file or folder, relative to the file this stands in, or `shipped`.",
            "examples": [SHIPPED, "../rules"],
        }
    ),
]
FeedFile = Annotated[File, AfterValidator(_feed)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone), WithJsonSchema({"type": "string", "examples": ["America/Chicago"]})]


class HopTls(Written):
    """TLS towards the next hop."""

    mode: TlsMode = "may"
    """none, may (used where it is offered), or require (without it mail is deferred)."""
    verify: Flag = True
    """Whether certificate and name are verified; `may` goes on in clear where they cannot be."""
    ca: File | None = None
    """Certificate authorities; the system's where it is left out."""
    certificate: File | None = None
    """Our client certificate, PEM."""
    key: File | None = None
    """Its private key, PEM."""
    server_name: Domain | None = None
    """The name to verify, where it differs from the host."""


class HopTimeouts(Written):
    """How long the next hop may take; the deadline bounds all of it."""

    connect: Duration = 30.0
    """To connect and to greet."""
    command: Duration = 300.0
    """To answer a command."""
    data_init: Duration = 120.0
    """To answer DATA."""
    data_block: Duration = 180.0
    """To take a block of data."""
    data_done: Duration = 600.0
    """To answer the final dot."""


class NextHopSettings(Written):
    """Where accepted mail goes."""

    hosts: Annotated[ListOf[Peer], Field(min_length=1)]
    """host:port, or a list of them, tried in this order."""
    tls: HopTls = HopTls()
    """TLS towards it."""
    connections: Positive = 20
    """How many connections at a time."""
    idle: Duration = 30.0
    """How long an idle connection is kept."""
    uses: Positive = 100
    """How many messages one connection carries."""
    timeouts: HopTimeouts = HopTimeouts()
    """How long it may take."""


class LimitSettings(Written):
    """What one client and one message may take."""

    message_size: Size = 50 * 1024 * 1024
    """Largest message."""
    recipients: Annotated[int, Field(strict=True, ge=100)] = 1000
    """Recipients of one message; RFC 5321 asks for 100 at least."""
    connections: Positive = 1000
    """Connections at a time, all clients together."""
    connections_per_client: Positive = 50
    """Connections at a time of one client."""
    line: Annotated[Size, Field(ge=1000)] = 64 * 1024
    """Longest line of a message."""
    header_size: Size = 100 * 1024
    """Largest header block."""
    header_lines: Positive = 1000
    """Most lines of a header block."""
    command_timeout: Duration = 300.0
    """How long a client may take for a command."""
    data_timeout: Duration = 300.0
    """How long a client may be silent while it sends a message."""
    min_data_rate: Annotated[int, Field(strict=True, ge=0)] = 500
    """Octets a second that a client must send on average; 0 asks for none."""
    errors: Positive = 20
    """Errors after which a client is cut off."""
    junk: Positive = 100
    """Commands that lead nowhere after which a client is cut off."""
    hops: Annotated[int, Field(strict=True, ge=10)] = 50
    """Received lines from which on a message loops."""
    in_flight: Annotated[Size, Field(gt=0)] = 128 * 1024 * 1024
    """Octets of messages in hand at a time, all workers together; judging takes up to ten times as much memory."""
    spool_above: Annotated[Size, Field(ge=4096)] = 256 * 1024
    """Size from which on a message is kept on disk until it has come whole."""
    queue_wait: Duration = 10.0
    """How long a message waits for room in memory before its sender is asked to try again."""
    free_space: Size | None = None
    """Free space of the data folder below which no mail is taken; one and a half largest messages where it is left out."""

    @property
    def least_space(self) -> int:
        """The free space in octets below which no mail is taken."""
        return self.message_size * 3 // 2 if self.free_space is None else self.free_space


class EdmSettings(Written):
    """A list for exact data match."""

    file: File
    """The list, as `smtp-gate edm build` made it."""
    key: File
    """The key it was made with, which its owner alone may read."""

    @model_validator(mode="after")
    def _fit(self, info: ValidationInfo) -> "EdmSettings":
        said = why_not(self.file, self.key) if info.context else ""
        if said:
            raise wrong(said)
        return self


class QuarantineSettings(Written):
    """What becomes of held mail that nobody decides on, and how long a release is tried."""

    expire: Duration = 30 * 86400.0
    """How long a message is held before it expires."""
    retry_for: Duration = 5 * 86400.0
    """How long a release is tried again while the next hop puts it off."""
    notices: Flag = True
    """Whether an internal sender is told when held mail is discarded, expires, or cannot be delivered after its release."""
    contact: Address | None = None
    """Who a notice names as the contact; left out, the notice names the help desk's `way_out` alone."""


class LogSettings(Written):
    """What is logged, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is logged."""
    format: Literal["json", "text"] = "json"
    """json for machines, text for people."""


class Config(Written):
    """The settings of one gate. Paths are relative to the file; secrets stand in files of their own."""

    internal_domains: Annotated[ListOf[Domain], Field(min_length=1)]
    """Domains that are ours."""
    timezone: Zone = ZoneInfo("UTC")
    """The city's time zone, for people; the journal is in UTC."""
    enforce: Flag = True
    """false puts every rule in shadow."""
    hostname: Domain | None = None
    """What the gate calls itself; the machine's name where it is left out."""
    way_out: Line = "Ask the help desk how to send it encrypted."
    """What {way_out} in a rule's message becomes."""
    deadline: Annotated[Duration, Field(ge=5, le=600)] = 90.0
    """From the client's final dot to our answer; below the client's own limit."""
    listeners: tuple[ListenerSettings, ...] = Field(min_length=1)
    """Where mail is taken."""
    next_hop: Annotated[NextHopSettings, BeforeValidator(_hop)]
    """Where accepted mail goes: host:port, a list for failover, or a mapping."""
    data_dir: NewPath
    """Holds, journal and what else is kept."""
    rules: ListOf[Packs] = ()
    """Folders or files of packs, and `shipped` for those of the installation, which alone count where it is left out."""
    watch: Flag = True
    """Whether changed packs, directory, lists and feeds are loaded without being asked; else `smtp-gate reload` or SIGHUP does."""
    keep_rulesets: Annotated[int, Field(ge=2, le=1000)] = 10
    """How many distinct rulesets are kept for `smtp-gate ruleset diff` and `rollback`, the one in use among them."""
    directory: Annotated[DirectorySettings | None, BeforeValidator(short_form)] = None
    """The directory of accounts: a CSV file, or a mapping that names another source."""
    edm: dict[Id, EdmSettings] = Field(default_factory=dict)
    """Lists for exact data match, by the names that detectors use."""
    feeds: dict[Id, FeedFile] = Field(default_factory=dict)
    """Lists of domains, as `smtp-gate feeds build` made them; `free_mail` and `disposable` take the place of the shipped ones."""
    metrics: Listen | None = None
    """Where /metrics, /healthz and /readyz are served."""
    workers: Annotated[int, Field(strict=True, ge=0, le=256)] = 0
    """How many processes take mail; 0: one a core."""
    extractors: Annotated[int, Field(strict=True, ge=1, le=64)] = 2
    """How many processes open documents."""
    quarantine: QuarantineSettings = QuarantineSettings()
    """What becomes of held mail."""
    limits: LimitSettings = LimitSettings()
    """What one client and one message may take."""
    line_endings: Literal["refuse", "normalize"] = "refuse"
    """What becomes of a bare CR or LF in a message."""
    nul: Literal["refuse", "strip"] = "refuse"
    """What becomes of NUL in a message."""
    log: LogSettings = LogSettings()
    """What is logged."""

    def build_settings(self, today: date | None = None) -> BuildSettings:
        """What the ruleset is built with; `today`, in the city's time zone, lets expired waivers be warned of."""
        edm = tuple(ListSource(name, listed.file, listed.key) for name, listed in self.edm.items())
        ours = frozenset(self.internal_domains)
        return BuildSettings(ours, self.timezone, self.way_out, self.enforce, today, edm=edm)
