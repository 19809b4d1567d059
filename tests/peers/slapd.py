"""Private OpenLDAP servers: started by the tests, filled with slapadd, gone afterwards."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.peers.ports import free_port, wait_port

SLAPD: Final = Path("/usr/sbin/slapd")
SLAPADD: Final = Path("/usr/sbin/slapadd")
SCHEMA: Final = Path("/etc/ldap/schema")
SUFFIX: Final = "dc=city,dc=test"
ADMIN: Final = f"cn=admin,{SUFFIX}"
PASSWORD: Final = "s3cret-of-the-test"

# Attributes that Active Directory has and OpenLDAP does not, under the numbers that Microsoft gave them. 2.5 knows memberOf
# by its overlay.
ACTIVE_DIRECTORY: Final = """\
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.210 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.2.840.113556.1.2.144 NAME 'department' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.239 NAME 'publicDelegates' EQUALITY distinguishedNameMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
attributetype ( 1.2.840.113556.1.4.7000.102.50782 NAME 'msExchRecipientTypeDetails' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9.1 NAME 'adUser' SUP top AUXILIARY
  MAY ( mail $ userAccountControl $ accountExpires $ proxyAddresses $ department $ publicDelegates $
        msExchRecipientTypeDetails ) )
"""


def missing() -> list[str]:
    """What of OpenLDAP is not installed."""
    needed = {
        "slapd": SLAPD,
        "slapadd": SLAPADD,
        "ldapadd": Path("/usr/bin/ldapadd"),
        "schemas": SCHEMA / "core.schema",
    }
    return [name for name, path in needed.items() if not path.exists()]


def entry(dn: str, **values: str | int | Iterable[str]) -> str:
    """One record of LDIF."""
    lines = [f"dn: {dn}"]
    for name, value in values.items():
        several = [str(value)] if isinstance(value, str | int) else value
        lines += [f"{name}: {v}" for v in several]
    return "\n".join(lines) + "\n\n"


BASE: Final = entry(SUFFIX, objectClass=("dcObject", "organization"), dc="city", o="City") + "".join(
    entry(f"ou={name},{SUFFIX}", objectClass="organizationalUnit", ou=name) for name in ("people", "groups")
)


def person(uid: str, name: str = "", classes: Iterable[str] = (), **values: str | int | Iterable[str]) -> str:
    """The record of a person below ou=people."""
    name = name or uid
    return entry(
        f"uid={uid},ou=people,{SUFFIX}",
        objectClass=("inetOrgPerson", *classes),
        uid=uid,
        cn=name,
        sn=name.rsplit(maxsplit=1)[-1],
        **{"mail": f"{uid}@milwaukee.gov", **values},
    )


class Slapd:
    """One server below `home`. With a certificate it takes StartTLS on `port`, and TLS from the start on `tls_port`."""

    def __init__(self, home: Path, *, settings: str = "", tls: Mapping[str, Path] | None = None) -> None:
        self.home = home
        self.port = free_port()
        self.tls_port = free_port() if tls else 0
        self._conf = home / "slapd.conf"
        self._process: subprocess.Popen[bytes] | None = None
        (home / "db").mkdir(parents=True)
        (home / "ad.schema").write_text(ACTIVE_DIRECTORY)
        schemas = [SCHEMA / f"{name}.schema" for name in ("core", "cosine", "inetorgperson", "nis")]
        lines = [f"include {path}" for path in (*schemas, home / "ad.schema")]
        lines += [f"pidfile {home}/pid", "modulepath /usr/lib/ldap", "moduleload back_mdb", "moduleload memberof"]
        lines += [f"{name} {path}" for name, path in (tls or {}).items()]
        lines += ["database mdb", f'suffix "{SUFFIX}"', f'rootdn "{ADMIN}"', f"rootpw {PASSWORD}"]
        lines += [f"directory {home}/db", "maxsize 1073741824", "index objectClass eq", "overlay memberof", settings]
        self._conf.write_text("\n".join(lines) + "\n")

    @property
    def url(self) -> str:
        """Where it answers in clear."""
        return f"ldap://127.0.0.1:{self.port}"

    def fill(self, ldif: str | Path) -> None:
        """Add entries, or a file of them, while it does not run."""
        file = self.home / "fill.ldif" if isinstance(ldif, str) else ldif
        if isinstance(ldif, str):
            file.write_text(ldif)
        command: list[str | Path] = [SLAPADD, "-q", "-f", self._conf, "-l", file]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr

    def add(self, ldif: str) -> None:
        """Add entries while it runs; its overlays see them."""
        done = subprocess.run(
            ["/usr/bin/ldapadd", "-H", self.url, "-x", "-D", ADMIN, "-w", PASSWORD],
            input=ldif, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def start(self) -> "Slapd":
        """Start it and wait until it listens."""
        urls = f"{self.url}/" + (f" ldaps://127.0.0.1:{self.tls_port}/" if self.tls_port else "")
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [SLAPD, "-f", self._conf, "-h", urls, "-d", "0"], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={k: v for k, v in os.environ.items() if not k.startswith("LDAP")},
            )  # fmt: skip
        wait_port(self.port)
        if self.tls_port:
            wait_port(self.tls_port)
        return self

    def pause(self, *, stopped: bool) -> None:
        """Let it answer nothing while it stays connected, or go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None

    def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        self._process.terminate()
        end = time.monotonic() + 20
        while self._process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        self.kill()
