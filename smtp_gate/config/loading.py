"""smtp-gate.yaml found, read and checked whole: settings, or every mistake at its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from smtp_gate.config.listeners import ListenerSettings, ListenerTls
from smtp_gate.config.models import Config, HopTls
from smtp_gate.core.message import Upstream
from smtp_gate.ruleset.json_schema import DIALECT, tidy
from smtp_gate.ruleset.marks import Document, Mistake
from smtp_gate.ruleset.packs import SHIPPED, read_file, shipped_rules
from smtp_gate.ruleset.problems import Loc, problems

NAME: Final = "smtp-gate.yaml"
_POSTFIX_WAITS: Final = 100.0
"""Seconds that Postfix gives a before-queue filter for each answer (`smtpd_proxy_timeout`)."""


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """What came of loading: the settings, or None where there is any error; the file, and its mistakes by place."""

    path: Path
    config: Config | None
    mistakes: tuple[Mistake, ...] = ()

    @property
    def errors(self) -> tuple[Mistake, ...]:
        """The mistakes that keep it from being used."""
        return tuple(m for m in self.mistakes if m.is_error)


def find_config() -> Path:
    """Where settings are when nobody says: ./config, else the sample that is shipped, else the repository's."""
    package = Path(__file__).resolve().parent.parent
    places = (Path("config") / NAME, package / "share" / "config" / NAME, package.parent / "config" / NAME)
    return next((p for p in places if p.is_file()), places[0])


def load_config(path: Path | None = None) -> LoadedConfig:
    """Read and check the settings; never raises for what stands in the file. None looks in the usual places."""
    file = path if path is not None else find_config()
    document = read_file(file)
    mistakes = list(document.mistakes)
    root = document.root.value
    config: Config | None = None
    if isinstance(root, dict):
        try:
            config = Config.model_validate(root, context={"base": file.parent})
        except ValidationError as error:
            mistakes += problems(error, document, (), Config)
    elif not any(m.is_error for m in mistakes):
        mistakes.append(document.mistake((), "settings expected", "lines like `data_dir: data`"))
    if config is not None:
        mistakes += _together(config, document)
    ordered = tuple(sorted(set(mistakes)))
    return LoadedConfig(file, None if any(m.is_error for m in ordered) else config, ordered)


def pack_paths(config: Config) -> tuple[Path, ...]:
    """Where the packs are: as the settings say, else the shipped ones."""
    shipped = shipped_rules()
    return config.rules or ((shipped,) if shipped else ())


def config_schema() -> dict[str, Any]:
    """The JSON Schema of smtp-gate.yaml, with descriptions."""
    schema = Config.model_json_schema(by_alias=True)
    hop = schema["properties"]["next_hop"]
    # What the short forms stand for is known only to the validator before the model.
    short = {"type": "string", "examples": ["127.0.0.1:10026"]}
    form = {k: hop.pop(k) for k in ("$ref", "allOf") if k in hop}
    hop["anyOf"] = [short, {"type": "array", "items": short, "minItems": 1}, form]
    schema["properties"]["directory"]["anyOf"].insert(0, {"type": "string", "examples": ["directory.csv"]})
    return {"$schema": DIALECT, **tidy(schema), "title": "smtp-gate settings"}


def _together(config: Config, document: Document) -> Iterator[Mistake]:
    """What is wrong only beside something else in the file."""
    names: dict[str, int] = {}
    places: dict[str, int] = {}
    for index, listener in enumerate(config.listeners):
        at: Loc = ("listeners", index)
        if names.setdefault(listener.name, index) != index:
            yield document.mistake((*at, "name"), f"another listener is named `{listener.name}`")
        if listener.listen.port and places.setdefault(str(listener.listen), index) != index:
            yield document.mistake((*at, "listen"), f"another listener listens at {listener.listen}")
        yield from _listener(listener, config, document, at)
    for number, host in enumerate(config.next_hop.hosts):
        if str(host) in places:
            path = ("next_hop", "hosts", number)
            yield document.mistake(path, f"the next hop {host} is this gate itself", "mail would go round in circles")
    yield from _pair(config.next_hop.tls, document, ("next_hop", "tls"))
    yield from _shadowed(document)
    if not pack_paths(config):
        yield document.mistake((), "no rules are named and none are shipped", "add `rules:`")


def _shadowed(document: Document) -> Iterator[Mistake]:
    """A folder that bears the name of the shipped packs is not what the word means."""
    node = document.node(("rules",))
    for item in node.items or [node]:
        if item.value == SHIPPED and (Path(document.file).parent / SHIPPED).exists():
            said = f"`{SHIPPED}` means the packs of the installation, not the folder of that name here"
            yield document.mistake_at(item, said, f"write ./{SHIPPED} for the folder, or rename it", "warning")


def _listener(listener: ListenerSettings, config: Config, document: Document, at: Loc) -> Iterator[Mistake]:
    tls = listener.tls
    offered = tls is not None and tls.mode != "none"
    if tls is not None:
        yield from _pair(tls, document, (*at, "tls"))
        if offered and tls.certificate is None and tls.key is None:
            yield document.mistake((*at, "tls"), "TLS needs `certificate` and `key`", key=True)
    if listener.certificates and not offered:
        yield document.mistake((*at, "certificates"), "client certificates need `tls`", key=True)
    if listener.auth is not None and not offered and not _is_loopback(listener):
        said = "passwords would cross the network in clear"
        yield document.mistake((*at, "auth"), said, "add `tls` with `mode: require`", key=True, severity="warning")
    if listener.upstream is Upstream.BEFORE_QUEUE and config.deadline >= _POSTFIX_WAITS:
        said = f"a Postfix before this gate gives up after {_POSTFIX_WAITS:.0f} s"
        yield document.mistake(("deadline",), said, "stay below it, or raise smtpd_proxy_timeout", severity="warning")


def _pair(tls: ListenerTls | HopTls, document: Document, at: Loc) -> Iterator[Mistake]:
    if (tls.certificate is None) is not (tls.key is None):
        there, missing = ("key", "certificate") if tls.certificate is None else ("certificate", "key")
        yield document.mistake((*at, there), f"`{there}` needs `{missing}` beside it", key=True)


def _is_loopback(listener: ListenerSettings) -> bool:
    try:
        return ip_address(listener.listen.host).is_loopback
    except ValueError:
        return listener.listen.host == "localhost"
