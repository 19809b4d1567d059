"""The directory read from a real OpenLDAP server, with attributes of Active Directory beside its own."""

import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ldap3
import pytest

from smtp_gate.adapters.directory import parse, written
from smtp_gate.adapters.directory_attributes import Attributes
from smtp_gate.adapters.directory_ldap import LdapSettings, SourceError, read
from smtp_gate.adapters.directory_ldif import read as read_ldif
from smtp_gate.adapters.directory_rows import Reader, RowMistake
from smtp_gate.core.directory import Directory
from tests.peers.slapd import ADMIN, BASE, PASSWORD, SUFFIX, Slapd, entry, missing, person

pytestmark = pytest.mark.peers

CHICAGO = ZoneInfo("America/Chicago")
TODAY = date(2026, 9, 1)
PEOPLE = 1200
FULL = PEOPLE + 8
# Everybody may page through everything, 100 entries at a time; `nobody` reads at most 500 in all.
LIMITS = "sizelimit size.soft=100 size.hard=100 size.prtotal=unlimited"
SOFT = "limits anonymous size.soft=100 size.hard=100 size.prtotal=500"
AD = ("adUser",)

SPECIAL = (
    person("zoe", "Zoë Ōkafor-Müller", displayName="Zoë Ōkafor", title="Präsidentin", employeeNumber="7",
           departmentNumber="20", employeeType="Contractor", mail=("zoe@milwaukee.gov", "z.okafor@milwaukee.gov"))
    + person("gone", classes=AD, userAccountControl=514)
    + person("left", classes=AD, userAccountControl=512, accountExpires=134273556000000000)
    + person("stays", classes=AD, userAccountControl=512, accountExpires=9223372036854775807, department="Comptroller")
    + person("moved", classes=AD, proxyAddresses=("SMTP:Moved.Person@milwaukee.gov", "smtp:moved@milwaukee.gov", "x500:/o=city"))
    + person("permits", "Permit Office", classes=AD, msExchRecipientTypeDetails=4, userAccountControl=514,
             publicDelegates=(f"uid=zoe,ou=people,{SUFFIX}", f"cn=front desk,ou=groups,{SUFFIX}"))
    + person("bad", classes=AD, proxyAddresses="smtp:not an address")
)  # fmt: skip
GROUPS = entry(
    f"cn=payroll,ou=groups,{SUFFIX}", objectClass="groupOfNames", cn="payroll",
    member=(f"uid=zoe,ou=people,{SUFFIX}", f"uid=u0007,ou=people,{SUFFIX}"),
) + entry(
    f"cn=front desk,ou=groups,{SUFFIX}", objectClass=("groupOfNames", "adUser"), cn="Front Desk",
    mail="desk@milwaukee.gov", member=f"uid=zoe,ou=people,{SUFFIX}",
) + entry(
    f"cn=Legal\\, City,ou=groups,{SUFFIX}", objectClass="groupOfNames", cn="Legal, City",
    member=f"uid=zoe,ou=people,{SUFFIX}",
)  # fmt: skip


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An authority of the test (`ca.pem`), and a server's certificate from it for 127.0.0.1 with its key."""
    folder = tmp_path_factory.mktemp("tls")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    for name in ("ca", "other"):
        command = ["req", "-x509", *curve, "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign"]
        run(folder, *command, "-keyout", f"{name}.key", "-out", f"{name}.pem")
    run(folder, "req", *curve[:-2], "-subj", "/CN=slapd", "-keyout", "key.pem", "-out", "csr.pem")
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1")
    signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext"]
    run(folder, "x509", "-req", "-in", "csr.pem", *signing, "-out", "cert.pem")
    return {
        "ca": folder / "ca.pem",
        "other": folder / "other.pem",
        "cert": folder / "cert.pem",
        "key": folder / "key.pem",
    }


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(["openssl", *command], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def openldap() -> None:
    """OpenLDAP is there; else a skip that says what is missing, and under CI=true a failure."""
    if why := ", ".join(missing()):
        why = f"OpenLDAP is missing: {why} (apt-get install slapd ldap-utils)"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)


@pytest.fixture(scope="module")
def city(openldap: None, tls: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """1,200 people and the special ones, groups among them, and limits that pages must be used for."""
    given = {"TLSCertificateFile": tls["cert"], "TLSCertificateKeyFile": tls["key"]}
    server = Slapd(tmp_path_factory.mktemp("city"), settings=f"{LIMITS}\n{SOFT}", tls=given)
    server.fill(BASE + "".join(person(f"u{n:04}", f"Given Family{n}") for n in range(PEOPLE)) + SPECIAL)
    try:
        server.start()
        server.add(GROUPS)
        yield server
    finally:
        server.stop()


def bound(server: Slapd, **changed: Any) -> LdapSettings:
    """Settings of somebody who may read everything."""
    return replace(LdapSettings(server.url, (SUFFIX,), ADMIN, PASSWORD, page_size=100, timeout=20), **changed)


def everything(settings: LdapSettings) -> tuple[dict[str, dict[str, str]], list[RowMistake]]:
    """The rows by their address, and the mistakes."""
    mistakes: list[RowMistake] = []
    found = read(settings, TODAY, CHICAGO, mistakes)
    taken: list[RowMistake] = []
    entries = [Reader().entry(number, row, taken) for number, row in found]
    assert taken == []
    assert None not in entries
    return {row["address"]: row for _, row in found}, mistakes


def fault(settings: LdapSettings) -> str:
    """What reading fails with."""
    with pytest.raises(SourceError) as caught:
        read(settings, TODAY, CHICAGO, [])
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def rows(city: Slapd) -> dict[str, dict[str, str]]:
    found, mistakes = everything(bound(city, attributes=Attributes(senders=("publicDelegates",))))
    assert [(m.column, m.reason) for m in mistakes] == [
        ("aliases", f"uid=bad,ou=people,{SUFFIX}: not an address: 'not an address'")
    ]
    return found


def test_all_pages_are_read(rows: dict[str, dict[str, str]]) -> None:
    assert len(rows) == FULL
    assert rows["u1199@milwaukee.gov"]["name"] == "Given Family1199"


def test_names_groups_and_aliases(rows: dict[str, dict[str, str]]) -> None:
    zoe = rows["zoe@milwaukee.gov"]
    assert (zoe["name"], zoe["title"], zoe["person"], zoe["status"]) == ("Zoë Ōkafor", "Präsidentin", "7", "contractor")
    assert set(zoe["groups"].split("; ")) == {"payroll", "front desk", "Legal, City"}
    assert (zoe["department"], zoe["aliases"]) == ("20", "z.okafor@milwaukee.gov")
    assert rows["u0007@milwaukee.gov"]["groups"] == "payroll"
    assert rows["Moved.Person@milwaukee.gov"]["aliases"] == "moved@milwaukee.gov"
    assert rows["desk@milwaukee.gov"]["kind"] == "list"


def test_accounts_that_ended(rows: dict[str, dict[str, str]]) -> None:
    ends = {name: rows[f"{name}@milwaukee.gov"]["valid_to"] for name in ("gone", "left", "stays", "permits")}
    assert ends == {"gone": "2026-08-31", "left": "2026-06-30", "stays": "", "permits": ""}


def test_who_may_send_for_a_shared_mailbox(rows: dict[str, dict[str, str]]) -> None:
    assert rows["permits@milwaukee.gov"]["kind"] == "shared"
    assert rows["permits@milwaukee.gov"]["senders"] == "zoe@milwaukee.gov; group:front desk"


def test_a_dump_of_the_server_says_the_same(city: Slapd, rows: dict[str, dict[str, str]], tmp_path: Path) -> None:
    command = ["ldapsearch", "-H", city.url, "-x", "-D", ADMIN, "-w", PASSWORD, "-b", SUFFIX, "-E", "pr=100/noprompt"]
    with (tmp_path / "dump.ldif").open("wb") as dump:
        subprocess.run([*command, "*", "memberOf"], stdout=dump, check=True, timeout=60)
    mistakes: list[RowMistake] = []
    attributes = Attributes(senders=("publicDelegates",))
    found = {r["address"]: r for _, r in read_ldif(tmp_path / "dump.ldif", attributes, TODAY, CHICAGO, mistakes)}
    assert found == rows
    assert [m.column for m in mistakes] == ["aliases"]


def test_what_was_read_makes_a_directory(rows: dict[str, dict[str, str]]) -> None:
    entries = [Reader().entry(1, row, []) for row in rows.values()]
    directory = parse(written(e for e in entries if e is not None), CHICAGO)
    assert isinstance(directory, Directory)
    account = directory.look_up("Z.Okafor@milwaukee.gov", TODAY)
    assert account is not None
    assert account.groups == {"payroll", "front desk", "legal, city"}


def test_a_filter_and_bases_choose(city: Slapd) -> None:
    found, _ = everything(bound(city, filter="(&(mail=*)(uid=u000*))", bases=(f"ou=people,{SUFFIX}", SUFFIX)))
    assert sorted(found) == [f"u000{n}@milwaukee.gov" for n in range(10)]


def test_anonymous_reading_beyond_its_limit_is_no_directory(city: Slapd) -> None:
    said = fault(LdapSettings(city.url, (SUFFIX,), page_size=100))
    assert "sizeLimitExceeded" in said
    assert "prtotal" in said
    found, _ = everything(LdapSettings(city.url, (SUFFIX,), filter="(uid=u00*)", page_size=50))
    assert len(found) == 100


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "wrong"}, "bind_dn or the password is wrong"),
        ({"bind_dn": f"cn=nobody,{SUFFIX}"}, "bind_dn or the password is wrong"),
        ({"bases": (f"ou=nowhere,{SUFFIX}",)}, "no such base"),
        ({"bases": ("milwaukee",)}, "is no DN"),
        ({"filter": "(mail=*"}, "no filter"),
        ({"filter": "(uid=nobody)"}, "gives no entry"),
        ({"page_size": 100, "filter": "(mail=*)", "bases": (SUFFIX, f"ou=x,{SUFFIX}")}, "no such base"),
    ],
)
def test_what_goes_wrong_is_told_with_a_way_out(city: Slapd, changed: dict[str, Any], said: str) -> None:
    assert said in fault(bound(city, **changed))


def test_tls_from_the_start_and_by_start_tls(city: Slapd, tls: dict[str, Path]) -> None:
    ldaps = f"ldaps://127.0.0.1:{city.tls_port}"
    for changed in ({"url": ldaps}, {"start_tls": True}):
        found, _ = everything(bound(city, ca_file=tls["ca"], filter="(uid=zoe)", **changed))
        assert list(found) == ["zoe@milwaukee.gov"]


@pytest.mark.parametrize("start_tls", [True, False])
@pytest.mark.parametrize("authority", ["other", ""])
def test_a_certificate_of_another_authority_is_refused(
    city: Slapd, tls: dict[str, Path], authority: str, start_tls: bool
) -> None:
    changed: dict[str, Any] = {"start_tls": True} if start_tls else {"url": f"ldaps://127.0.0.1:{city.tls_port}"}
    assert "certificate that is not trusted" in fault(bound(city, ca_file=tls.get(authority), **changed))


@pytest.mark.parametrize("start_tls", [True, False])
def test_a_certificate_for_another_name_is_refused(city: Slapd, tls: dict[str, Path], start_tls: bool) -> None:
    port = city.port if start_tls else city.tls_port
    url = f"{'ldap' if start_tls else 'ldaps'}://localhost:{port}"
    assert "certificate that is not trusted" in fault(bound(city, url=url, ca_file=tls["ca"], start_tls=start_tls))


@pytest.fixture
def small(openldap: None, tmp_path: Path) -> Iterator[Slapd]:
    """A server of one's own to do harm to."""
    server = Slapd(tmp_path / "small", settings=LIMITS)
    server.fill(BASE + "".join(person(f"u{n:03}", description="x" * 500) for n in range(300)))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.mark.parametrize("before", [1, 3])
def test_a_server_that_dies_between_pages_gives_no_directory(
    small: Slapd, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    pages: list[int] = []
    search = ldap3.Connection.search

    def until_killed(*given: Any, **more: Any) -> Any:
        if len(pages) == before:
            small.kill()
        pages.append(1)
        return search(*given, **more)

    monkeypatch.setattr(ldap3.Connection, "search", until_killed)
    assert "nothing of it is used" in fault(bound(small, page_size=50))
    assert len(pages) == before + 1


@contextmanager
def cut(port: int, octets: int) -> Iterator[str]:
    """The url of a way to that port on which the connection breaks after so many octets of answers."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            with door.accept()[0] as client, socket.create_connection(("127.0.0.1", port), 20) as server:
                left = octets
                while left > 0:
                    ready, _, _ = select.select([client, server], [], [], 20)
                    if not ready:
                        return
                    if client in ready:
                        server.sendall(client.recv(65536))
                    if server in ready:
                        answer = server.recv(min(65536, left))
                        left -= len(answer)
                        client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"ldap://127.0.0.1:{door.getsockname()[1]}"
        thread.join(30)


@pytest.mark.parametrize("octets", [5, 14, 1_000, 10_001, 25_000])
def test_a_connection_that_breaks_within_a_page_gives_no_directory(small: Slapd, octets: int) -> None:
    with cut(small.port, octets) as url:
        said = fault(bound(small, url=url))
    assert "nothing of it is used" in said or "not LDAP" in said


def test_a_server_that_hangs_is_given_up(small: Slapd) -> None:
    small.pause(stopped=True)
    started = time.monotonic()
    try:
        assert "nothing of it is used" in fault(bound(small, timeout=1))
    finally:
        small.pause(stopped=False)
    assert time.monotonic() - started < 15


def test_a_server_without_tls_says_so(small: Slapd) -> None:
    assert "offers no StartTLS" in fault(bound(small, start_tls=True))
