"""Values as people write them in YAML: sizes, durations, networks, places to connect to, domains, addresses, paths."""

import re
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    StrictBool,
    StrictStr,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from smtp_gate.core.scope import Scope, Who, WhoKind
from smtp_gate.reading.domains import canonical_domain
from smtp_gate.reading.paths import parse_address
from smtp_gate.ruleset.marks import nearest
from smtp_gate.ruleset.words import WHO

_SIZE: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,3}))? ?([kKMG]?)(?:i?[bB])?")
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|sec|min|m|h|d)?")
_UNITS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_SECONDS: Final = {None: 1.0, "ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class Written(BaseModel):
    """Base of what people write: frozen, no unknown keys, attribute docstrings become the descriptions of the schema."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False, populate_by_name=False
    )


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A mistake in a value, with the way out as its hint."""
    return PydanticCustomError("written", "{said}", {"said": message, "hint": hint})


def _text(value: object, what: str, like: str) -> str:
    if not isinstance(value, str):
        raise wrong(f"{what} expected", f"like {like}")
    return value


def parse_size(value: object) -> int:
    """Octets from `50 MB`, `64 kB` or a number; a kB is 1024 octets, as mail servers count."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong("a size expected", "like 50 MB, 64 kB or 1000")
    return int(float(f"{found[1]}.{found[2] or 0}") * _UNITS[found[3].upper()])


def parse_duration(value: object) -> float:
    """Seconds from `90s`, `5 min`, `2h`, `1d`, `500ms` or a number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong("a duration expected", "like 90s, 5 min or 2h")
    return float(found[1]) * _SECONDS[found[2]]


@dataclass(frozen=True, slots=True, order=True)
class HostPort:
    """A place to listen at or to connect to; `host` is a name or an address without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_host_port(value: object) -> HostPort:
    """`127.0.0.1:2525`, `[::1]:2525` or `mail.example.org:25`; port 0 lets the system choose where that makes sense."""
    if isinstance(value, HostPort):
        return value
    text = _text(value, "host:port", "127.0.0.1:2525")
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port[:6]) > 65_535:
        raise wrong(f"`{text[:60]}` is not host:port", "like 127.0.0.1:2525 or [::1]:2525; ports end at 65535")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    try:
        numeric = ip_address(host)
    except ValueError:
        if bracketed or ":" in host or canonical_domain(host.encode("utf-8", "replace")) is None:
            raise wrong(
                f"`{host[:60]}` is neither a host name nor an address", "an IPv6 address takes brackets"
            ) from None
        return HostPort(host.lower(), int(port))
    if (numeric.version == 6) is not bracketed:
        raise wrong(f"`{text[:60]}` is not host:port", "brackets belong to IPv6 addresses: [::1]:2525")
    return HostPort(str(numeric), int(port))


def _peer(value: HostPort) -> HostPort:
    if value.port == 0:
        raise wrong("port 0 cannot be connected to")
    return value


def parse_network(value: object) -> IPv4Network | IPv6Network:
    """`127.0.0.0/8`, `::1/128`, or one address."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    text = _text(value, "a network", "10.0.0.0/8")
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise wrong(f"`{text[:60]}` is not a network", "like 10.0.0.0/8 or 192.0.2.7") from None
    raise wrong(f"`{text}` names an address inside its network", f"did you mean {meant}?")


def parse_domain(value: object) -> str:
    """A domain in the spelling that envelopes are compared in: lower case, U-labels."""
    text = _text(value, "a domain", "example.org")
    found = None if text.startswith("[") else canonical_domain(text.encode("utf-8", "replace"))
    if found is None:
        raise wrong(f"`{text[:60]}` is not a domain", "like example.org, without @ or a dot at the end")
    return found


def parse_mail_address(value: object) -> str:
    """An address of one person or mailbox, as look-ups compare it."""
    text = _text(value, "an address", "dokafor@milwaukee.gov")
    path = parse_address(text)
    if path is None or not path.domain:
        raise wrong(f"`{text[:60]}` is not an address", "like dokafor@milwaukee.gov, without <> or a name")
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - slow to import, and seldom needed

    try:
        # The envelope's grammar lets pass what no mailbox is called; here somebody has typed it, and a slip is likelier.
        validate_email(text, check_deliverability=False, test_environment=True, allow_quoted_local=True)
    except EmailNotValidError as error:
        raise wrong(f"`{text[:60]}` is not an address", str(error)) from None
    return path.key


def parse_who(value: object) -> Who:
    """`internal`, `external`, `group:NAME`, `domain:D`, `address:A`, or an address alone."""
    if isinstance(value, Who):
        return value
    text = _text(value, "who", "external, group:NAME, domain:example.org or address:a@example.org")
    kind, colon, name = text.partition(":")
    if not colon and text in {"internal", "external"}:
        return Who(WhoKind(text))
    if not colon and "@" in text:
        return Who(WhoKind.ADDRESS, parse_mail_address(text))
    match kind:
        case "domain" if name:
            return Who(WhoKind.DOMAIN, parse_domain(name).casefold())
        case "address" if name:
            return Who(WhoKind.ADDRESS, parse_mail_address(name))
        case "group" if name.strip():
            return Who(WhoKind.GROUP, name.strip().casefold())
    hint = f"did you mean domain:{text}?" if "." in text and not colon else nearest(kind, _WHO)
    helps = hint.startswith("did") and kind not in _WHO
    raise wrong(f"`{text[:60]}` does not say who", hint if helps else _WHO_HINT)


_WHO: Final = tuple(WHO)
_WHO_HINT: Final = "internal, external, group:NAME, domain:example.org or address:a@example.org"


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise wrong("one line of text expected", "put it in quotes if it is a number or a word like true")
    return value.strip()


def _day(value: object) -> date:
    """A day; YAML 1.2 has no dates of its own, so it arrives as text."""
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        raise wrong("a date expected", "like 2027-03-31") from None


def listed(value: object) -> object:
    """One value where a list is meant is a list of one."""
    return value if isinstance(value, list | tuple) else [value]


class _ShortForm:
    """Tells the JSON Schema that one item may stand for a list of one."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        if "minLength" in schema:
            # Behind a validator pydantic takes a list's least length for a text's.
            schema["minItems"] = schema.pop("minLength")
        return {"anyOf": [schema["items"], schema]}


T = TypeVar("T")
ListOf = Annotated[tuple[T, ...], BeforeValidator(listed), _ShortForm()]
"""A list, or one item that stands for a list of one."""


def _existing(value: object, info: ValidationInfo) -> Path:
    path = _resolved(value, info)
    if info.context and not path.exists():
        raise wrong(f"`{value}` does not exist", "paths are relative to the file they stand in")
    return path


def _existing_file(value: object, info: ValidationInfo) -> Path:
    path = _existing(value, info)
    if info.context and not path.is_file():
        raise wrong(f"`{value}` is not a file")
    return path


def _resolved(value: object, info: ValidationInfo) -> Path:
    """The path, relative to the file it stands in; `context` carries that file's folder as `base`."""
    if isinstance(value, Path):
        return value
    text = _text(value, "a path", "../rules")
    if not text or "\0" in text:
        raise wrong("a path expected", "like ../rules")
    return Path(info.context["base"]) / text if info.context else Path(text)


def _schema(description: str, *examples: str, number: bool = False) -> WithJsonSchema:
    schema: dict[str, Any] = {"type": ["string", "number"] if number else "string", "description": description}
    return WithJsonSchema(schema | ({"examples": list(examples)} if examples else {}))


Flag = StrictBool
Size = Annotated[int, PlainValidator(parse_size), _schema("A size.", "50 MB", "64 kB", number=True)]
Duration = Annotated[float, PlainValidator(parse_duration), _schema("A duration.", "90s", "5 min", number=True)]
Listen = Annotated[HostPort, PlainValidator(parse_host_port), _schema("host:port.", "127.0.0.1:2525")]
Peer = Annotated[Listen, AfterValidator(_peer)]
Network = Annotated[
    IPv4Network | IPv6Network, PlainValidator(parse_network), _schema("A network or address.", "10.0.0.0/8", "::1")
]
Domain = Annotated[str, PlainValidator(parse_domain), _schema("A domain.", "milwaukee.gov")]
Address = Annotated[str, PlainValidator(parse_mail_address), _schema("An address.", "dokafor@milwaukee.gov")]
Whom = Annotated[Who, PlainValidator(parse_who), _schema("Who.", "external", "group:benefits-office", "domain:irs.gov")]
Whoever = Annotated[ListOf[Whom], Field(min_length=1)]
Words = ListOf[StrictStr]
Line = Annotated[str, PlainValidator(_line), WithJsonSchema({"type": "string", "minLength": 1})]
Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
File = Annotated[Path, PlainValidator(_existing_file), _schema("A file; relative to the file this stands in.")]
Folder = Annotated[Path, PlainValidator(_existing), _schema("A file or folder; relative to the file this stands in.")]
NewPath = Annotated[Path, PlainValidator(_resolved), _schema("A folder, made where it is missing.")]


class Side(Written):
    """Who sends and who receives; both must hold, and each is one name or a list of alternatives."""

    sender: Whoever = ()
    """Senders: `internal`, `external`, `group:NAME`, `domain:D`, `address:A`, or a list of these."""
    recipients: Whoever = ()
    """Recipients, in the same words."""

    @property
    def scope(self) -> Scope:
        """The same as the decision knows it; a side that is not named is anyone."""
        anyone = (Who(WhoKind.ANY),)
        return Scope(self.sender or anyone, self.recipients or anyone)
