"""Reading LDAP without a server: settings that are refused, servers that are none; tests/peers asks real ones."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest

from smtp_gate.adapters.directory_ldap import LdapSettings, SourceError, check, read

TODAY = date(2026, 9, 1)
SECURE = LdapSettings("ldaps://dc1.city.test", ("dc=city,dc=test",), "cn=gate,dc=city,dc=test", "hunter2")


@contextmanager
def speaking(answer: bytes | None) -> Iterator[str]:
    """The url of a server that says this to whatever it is told and hangs up; nothing at all, without hanging up, for None."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client:
                client.recv(4096)
                if answer is None:
                    over.wait(20)
                else:
                    client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"ldap://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join(20)


def fault(settings: LdapSettings) -> str:
    """What reading from there fails with."""
    with pytest.raises(SourceError) as caught:
        read(settings, TODAY, UTC, [])
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "http://dc1.city.test"}, "is like ldaps://"),
        ({"url": "ldaps://"}, "is like ldaps://"),
        ({"url": "ldaps://dc1:port"}, "is no url"),
        ({"url": "ldaps://u:p@dc1"}, "is like ldaps://"),
        ({"url": "ldaps://dc1/dc=city"}, "is like ldaps://"),
        ({"bases": ()}, "at least one base"),
        ({"bases": ("",)}, "at least one base"),
        ({"start_tls": True}, "leave start_tls out"),
        ({"password": ""}, "go together"),
        ({"bind_dn": ""}, "go together"),
        ({"url": "ldap://dc1.city.test"}, "in clear"),
        ({"url": "ldap://localhost.city.test"}, "in clear"),
        ({"url": "ldap://10.0.0.1"}, "in clear"),
        ({"page_size": 0}, "above 0"),
        ({"timeout": 0.0}, "above 0"),
        ({"timeout": float("nan")}, "above 0"),
        ({"ca_file": Path("missing.pem")}, "ca_file"),
    ],
)
def test_settings_that_are_refused(changed: dict[str, Any], said: str) -> None:
    assert said in fault(replace(SECURE, **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"url": "LDAPS://dc1.city.test:3269/"},
        {"url": "ldap://dc1.city.test", "start_tls": True},
        {"url": "ldap://localhost"},
        {"url": "ldap://127.0.0.2:3890"},
        {"url": "ldap://[::1]:3890"},
        {"url": "ldap://dc1.city.test", "bind_dn": "", "password": ""},
    ],
)
def test_settings_that_are_taken(changed: dict[str, Any]) -> None:
    check(replace(SECURE, **changed))


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(SECURE)


def test_without_the_library_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ldap3", None)
    assert "pip install 'smtp-gate[ldap]'" in fault(SECURE)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "cannot be reached" in fault(replace(SECURE, url=f"ldap://127.0.0.1:{port}"))


def test_no_such_host() -> None:
    assert "cannot be reached" in fault(replace(SECURE, url="ldaps://dc1.invalid"))


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 200, b"", b"\x30\x03\x02\x01", b"\x30\x05" + b"\xff" * 5]
)
def test_what_is_no_ldap_server_is_told(answer: bytes) -> None:
    with speaking(answer) as url:
        assert url in fault(replace(SECURE, url=url))


def test_a_server_that_says_nothing_is_given_up() -> None:
    with speaking(None) as url:
        assert "broke off" in fault(replace(SECURE, url=url, timeout=1))


def test_a_server_that_does_not_speak_tls() -> None:
    with speaking(b"not TLS at all, not in the least") as url:
        assert "TLS fails" in fault(replace(SECURE, url=url.replace("ldap:", "ldaps:")))
