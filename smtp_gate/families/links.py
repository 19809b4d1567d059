"""The family `links`: links that deceive, weighed signal by signal."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Final, Literal
from urllib.parse import unquote

import ada_url
from publicsuffixlist import PublicSuffixList
from pydantic import Field

from smtp_gate.core.facts import FactKey, Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import Link, MessageView, RegionKind
from smtp_gate.families.base import Meanings, Params

WEIGHTS: Final[dict[str, int]] = {
    "shown_ours": 60,
    "shown_differs": 30,
    "ip_literal": 50,
    "odd_host": 60,
    "userinfo": 60,
    "mixed_script": 60,
    "shortener": 30,
    "nested": 25,
    "script": 80,
    "credentials": 40,
}
SIGNALS: Final = {
    "shown_ours": "the text shows a domain of ours or of `trusted`, the link leads elsewhere",
    "shown_differs": "the text shows another domain than the link leads to",
    "ip_literal": "an address in digits instead of a name",
    "odd_host": "a host written so that people do not read what a browser does: encoded, in numbers, full-width",
    "userinfo": "a name or password before the host, which hides it",
    "mixed_script": "a name that mixes Latin letters with Cyrillic or Greek ones",
    "shortener": "a link shortener, which hides the target",
    "nested": "an address of another site inside the link",
    "script": "a link that runs something: `javascript:`, `vbscript:`, `data:text/html`",
    "credentials": "words of logins on free hosting, or at an address in digits",
}
Signal = Annotated[
    Literal[
        "shown_ours", "shown_differs", "ip_literal", "odd_host", "userinfo", "mixed_script", "shortener",
        "nested", "script", "credentials",
    ],
    Meanings({name: f"{said} ({WEIGHTS[name]})" for name, said in SIGNALS.items()}),
]  # fmt: skip
SHORTENERS: Final = frozenset(
    [
        "bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly",
        "shorturl.at", "rb.gy", "t.ly", "tiny.cc", "bl.ink", "v.gd", "shorte.st", "adf.ly", "lnkd.in", "s.id",
        "qr.ae", "soo.gd", "clck.ru", "urlz.fr", "tr.im", "x.co", "short.io", "u.to",
    ]
)  # fmt: skip
FREE_HOSTING: Final = frozenset(
    [
        "github.io",
        "gitlab.io",
        "netlify.app",
        "vercel.app",
        "pages.dev",
        "workers.dev",
        "web.app",
        "firebaseapp.com",
        "herokuapp.com",
        "weebly.com",
        "wixsite.com",
        "wordpress.com",
        "blogspot.com",
        "glitch.me",
        "repl.co",
        "r2.dev",
        "azurewebsites.net",
        "windows.net",
        "cloudfront.net",
        "amazonaws.com",
        "googleapis.com",
        "ngrok.io",
        "ngrok-free.app",
        "000webhostapp.com",
        "square.site",
        "webflow.io",
        "myshopify.com",
    ]
)
_AUTHORITY_END: Final = re.compile(r"[/?#]")
CREDENTIAL_WORDS: Final = (
    "login", "log-in", "signin", "sign-in", "verify", "password", "passwd", "account", "secure", "update", "webmail", "outlook",
    "office365", "wallet", "banking", "billing", "confirm", "unlock", "suspend",
)  # fmt: skip


class LinksParams(Params):
    """Links that deceive, in text and HTML, weighed sign by sign. No directory needed."""

    weights: dict[Signal, Annotated[int, Field(strict=True, ge=0, le=100)]] = Field(default_factory=dict)
    """Weights that differ from the built-in ones, which stand in brackets; 0 turns a sign off."""
    threshold: Annotated[int, Field(strict=True, ge=1, le=1000)] = 60
    """From which sum of weights on a link is a finding."""
    trusted: tuple[str, ...] = ()
    """Registrable domains whose links are never findings."""
    shorteners: tuple[str, ...] = ()
    """Further link shorteners."""


class LinksFamily:
    """Looks at every link of the message, in text and HTML."""

    name = "links"
    schema = LinksParams
    reads_content = False

    def detectors(self, params: LinksParams) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's form
        """None."""
        return ()

    def needs(self, view: MessageView, params: LinksParams) -> tuple[FactKey, ...]:  # noqa: ARG002 - the protocol's form
        """Nothing from outside."""
        return ()

    def check(self, view: MessageView, facts: Facts, params: LinksParams) -> Iterable[Finding]:  # noqa: ARG002 - the protocol's form
        """One finding a host, with the signals that counted; the evidence is the host alone, never a whole link."""
        found: dict[tuple[str, str, str, str], Finding] = {}
        for one in weighed(view, params):
            if one.weight >= params.threshold:
                detail = "+".join(sorted(one.signals))
                key = (one.host, detail, one.link.part, str(one.link.region))
                found.setdefault(key, Finding(one.link.region, one.shown, part=one.link.part, detail=detail))
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Weighed:
    """A link with the signals that weigh something and the sum of their weights; `host` is where a browser would go."""

    link: Link
    host: str
    signals: tuple[Signal, ...]
    weight: int

    @property
    def shown(self) -> str:
        """The host as evidence; never a whole link."""
        return self.host if len(self.host) <= 100 else self.host[:97] + "..."


def weighed(view: MessageView, params: LinksParams) -> Iterator[Weighed]:
    """Every link of the message's own text, weighed."""
    weights = WEIGHTS | params.weights
    harmless = frozenset(view.envelope.listener.internal_domains.union(params.trusted))
    # The same link stands in the text and in the HTML of most mail.
    seen: dict[tuple[str, str], tuple[str, tuple[Signal, ...]]] = {}
    for link in view.links:
        if link.region.kind in {RegionKind.QUOTED, RegionKind.RETURNED}:
            continue
        written = (link.target, link.shown)
        if written not in seen:
            seen[written] = examine_link(link, params, harmless)
        host, signals = seen[written]
        counted = tuple(s for s in signals if weights[s])
        yield Weighed(link, host, counted, sum(weights[s] for s in counted))


def examine_link(
    link: Link, params: LinksParams, harmless: frozenset[str] = frozenset()
) -> tuple[str, tuple[Signal, ...]]:
    """The host a browser would go to, and the signals of the link; none for a harmless host or an unparsable link."""
    target = link.target.strip()
    if (
        target[:200]
        .replace("\t", "")
        .replace("\n", "")
        .lower()
        .startswith(("javascript:", "data:text/html", "vbscript:"))
    ):
        return "", ("script",)
    try:
        url = ada_url.URL(target)
    except ValueError:
        return "", ()
    if url.protocol not in {"http:", "https:"}:
        return "", ()
    host = url.hostname
    if host in harmless or registrable(host) in harmless:
        return host, ()
    return host, tuple(dict.fromkeys(_signals(link, url, target, params, harmless)))


def _signals(link: Link, url: ada_url.URL, target: str, params: LinksParams, ours: frozenset[str]) -> Iterator[Signal]:
    host, base = url.hostname, registrable(url.hostname)
    if _is_address(host):
        yield "ip_literal"
    if _odd_host(target, host):
        yield "odd_host"
    if url.username or url.password:
        yield "userinfo"
    if _mixed_script(host):
        yield "mixed_script"
    if base in SHORTENERS or base in params.shorteners:
        yield "shortener"
    said = _shown_domain(link)
    if said and said != base:
        # A newsletter's click counter stands behind other people's names too; nobody else's stands behind ours.
        yield "shown_ours" if said in ours else "shown_differs"
    path = unquote(url.pathname + url.search).lower()
    nested = _nested_host(path)
    if nested and registrable(nested) != base:
        yield "nested"
    hosted = any(host.endswith(f".{h}") for h in FREE_HOSTING)
    if (hosted or _is_address(host)) and any(w in host or w in path for w in CREDENTIAL_WORDS):
        yield "credentials"


def _is_address(host: str) -> bool:
    return host.startswith("[") or (host.replace(".", "").isdigit() and host.count(".") == 3)


def _odd_host(target: str, host: str) -> bool:
    """The host is written so that people do not read what a browser does: encoded, numeric in another base, full-width."""
    rest = target.split("//", 1)[-1]
    whole = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    if any(c in whole for c in "\\%\t\r\n"):
        return True
    authority = whole.rsplit("@", 1)[-1]
    if _is_address(host):
        return not authority.lower().startswith(host)
    return not authority.isascii() and "xn--" not in host


def _mixed_script(host: str) -> bool:
    """A label that mixes Latin letters with Cyrillic or Greek ones, after decoding its A-labels."""
    for label in host.split("."):
        text = label
        if label.startswith("xn--"):
            try:
                text = label[4:].encode("ascii").decode("punycode")
            except (UnicodeError, ValueError):
                return True
        latin = any("a" <= c <= "z" for c in text)
        other = any("\u0370" <= c <= "\u052f" for c in text)
        if latin and other:
            return True
    return False


def _shown_domain(link: Link) -> str:
    """The registrable domain of the web address that is shown as the link's text; empty where none is shown."""
    shown = link.shown.strip().lower()
    if not shown or " " in shown or "@" in shown or "." not in shown:
        return ""
    try:
        host = ada_url.URL(shown if "//" in shown else f"https://{shown}").hostname
    except ValueError:
        return ""
    return registrable(host) if known_suffix(host) else ""


def _nested_host(path: str) -> str:
    at = path.find("http://") if "http://" in path else path.find("https://")
    if at < 0:
        return ""
    try:
        return str(ada_url.URL(path[at:].split("&", 1)[0]).hostname)
    except ValueError:
        return ""


@lru_cache(1)
def _suffixes() -> PublicSuffixList:
    """The list, loaded when the first link is looked at, not at import."""
    return PublicSuffixList()


@lru_cache(8192)
def registrable(host: str) -> str:
    """The registrable domain of a host; the host itself where it has none (an address, a single label)."""
    if _is_address(host):
        return host
    return _suffixes().privatesuffix(host.rstrip(".")) or host


@lru_cache(8192)
def known_suffix(host: str) -> bool:
    """Whether the host ends in a top-level domain that the public suffix list knows."""
    top = host.rstrip(".").rsplit(".", 1)[-1]
    return "." in host and _suffixes().publicsuffix(host, accept_unknown=False) is not None and not top.isdigit()


family = LinksFamily()
