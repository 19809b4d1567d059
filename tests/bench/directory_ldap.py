"""What reading a large directory from LDAP costs: seconds, people a second and memory; and the same people from LDIF.

    python -m tests.bench.directory_ldap --people 100000 [--page 500] [--json]

A private slapd is filled by slapadd with people that are made up: everybody has an alias and two groups, one in ten
attributes of Active Directory. The reading is a process of its own, so that its peak memory is nobody else's.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from smtp_gate.adapters import directory_ldap, directory_ldif
from smtp_gate.adapters.directory_attributes import Attributes
from smtp_gate.adapters.directory_ldap import LdapSettings
from smtp_gate.adapters.directory_rows import RowMistake
from tests.peers.slapd import ADMIN, BASE, PASSWORD, SUFFIX, Slapd, missing, person

ZONE: Final = ZoneInfo("America/Chicago")
TODAY: Final = date(2026, 9, 1)


def people(count: int) -> Iterator[str]:
    """The records of so many people."""
    for n in range(count):
        given, family = f"Given{n % 997}", f"Family{n}"
        ad = {"userAccountControl": 512, "accountExpires": 0} if n % 10 == 0 else {}
        yield person(
            f"u{n}",
            f"{given} {family}",
            ("adUser",),
            mail=(f"u{n}@milwaukee.gov", f"{given}.{family}@milwaukee.gov"),
            title=f"Clerk {n % 50}",
            departmentNumber=str(n % 40),
            employeeNumber=str(n),
            employeeType="Contractor" if n % 20 == 0 else "Employee",
            description="A line that nobody asks for",
            memberOf=tuple(f"cn=group-{k},ou=groups,{SUFFIX}" for k in {n % 200, n % 211}),
            **ad,
        )


def measured(read: Callable[[list[RowMistake]], int]) -> dict[str, float]:
    """What one reading costs, in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def work() -> None:
        idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        mistakes: list[RowMistake] = []
        started, cpu = time.perf_counter(), time.process_time()
        rows = read(mistakes)
        seconds, spent = time.perf_counter() - started, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        theirs.send({
            "rows": rows, "mistakes": len(mistakes), "seconds": round(seconds, 2), "cpu_seconds": round(spent, 2),
            "people_per_second": round(rows / seconds), "peak_mb": round(peak), "idle_mb": round(idle),
        })  # fmt: skip

    process = context.Process(target=work)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"the reading ended with {process.exitcode}")
    figures: dict[str, float] = ours.recv()
    return figures


def measure(count: int, page: int) -> dict[str, dict[str, float]]:
    """The figures of both sources."""
    with tempfile.TemporaryDirectory() as folder:
        ldif = Path(folder) / "people.ldif"
        with ldif.open("w") as out:
            out.write(BASE)
            out.writelines(people(count))
        server = Slapd(Path(folder) / "slapd")
        started = time.perf_counter()
        server.fill(ldif)
        filled = time.perf_counter() - started
        settings = LdapSettings(server.url, (SUFFIX,), ADMIN, PASSWORD, page_size=page)
        server.start()
        try:
            ldap = measured(lambda mistakes: len(directory_ldap.read(settings, TODAY, ZONE, mistakes)))
        finally:
            server.stop()
        file = measured(lambda mistakes: len(list(directory_ldif.read(ldif, Attributes(), TODAY, ZONE, mistakes))))
        size = round(ldif.stat().st_size / 2**20, 1)
    return {"slapd": {"fill_seconds": round(filled, 1)}, "ldap": ldap, "ldif": {"file_mb": size, **file}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--page", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if needed := missing():
        raise SystemExit(f"missing: {', '.join(needed)} (apt-get install slapd ldap-utils)")
    figures = measure(max(options.people, 1), options.page)
    if options.json:
        print(json.dumps(figures))
        return
    for source, values in figures.items():
        for name, figure in values.items():
            print(f"{source:6} {name.replace('_', ' '):20} {figure:>12,}")


if __name__ == "__main__":
    main()
