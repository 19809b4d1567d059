"""True and false positives of the credential detectors on the sets that other scanners label themselves with.

    python -m tests.bench.credentials CORPORA [--rules rules/credentials.yaml] [--misses]

Reads CORPORA/cred-detect-secrets and CORPORA/cred-gitleaks in place. The first labels lines of its files in
`baseline.file` (by the SHA-1 of the secret); the second's samples are small repositories with one planted secret each and
reports that say which line; where its rules lie beside them (`*.go`), each `tps` string is a true positive and each `fps`
string is none. Prints one line of JSON a set; `--misses` names what was missed, by file and line, never by value.
"""

import argparse
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smtp_gate.detect.engine import Engine
from tests.bench.engine import plain, shipped

ACTS: Final = ("high", "medium")
_STRING: Final = re.compile(r"`([^`]*)`|\"((?:[^\"\\]|\\.)*)\"")
_LIST: Final = re.compile(r"\b(tps|fps)\s*:?=\s*(?:append\(\w+,|\[\]string\{)(.*?)\n\t?[)}]", re.DOTALL)


@dataclass(slots=True)
class Score:
    """How many of the labelled secrets were found, and how many findings are none."""

    name: str
    labelled: int = 0
    found: int = 0
    false: int = 0

    def line(self) -> str:
        return json.dumps({"set": self.name, "labelled": self.labelled, "found": self.found, "false": self.false})


def lines_found(engine: Engine, content: str) -> set[int]:
    """The lines, counted from one, in which something is found that a rule acts on."""
    matches = engine.scan(plain(content)) if content else ()
    return {content.count("\n", 0, m.start) + 1 for m in matches if m.level in ACTS}


def detect_secrets(engine: Engine, root: Path) -> Iterator[tuple[str, int, bool, bool]]:
    """File, line, whether it is labelled, whether it was found; for lines that are either."""
    baseline = json.loads((root / "baseline.file").read_text())["results"]
    for file in sorted(p for p in root.rglob("*") if p.is_file() and p.name != "baseline.file"):
        name = str(file.relative_to(root))
        content = file.read_text("utf-8", "replace")
        labelled = {one["line_number"] for one in baseline.get(name, ()) if holds(content, one)}
        hit = lines_found(engine, content)
        yield from ((name, n, n in labelled, n in hit) for n in sorted(labelled | hit))


def holds(content: str, label: dict[str, object]) -> bool:
    """Whether the labelled secret still stands in its line: the labels are older than some of the files."""
    lines = content.split("\n")
    number = label["line_number"]
    line = lines[number - 1] if isinstance(number, int) and number <= len(lines) else ""
    pieces = (*re.findall(r"[\"']([^\"']+)[\"']", line), *re.findall(r"[^\s\"'=:]+", line), line.partition("=")[2])
    return any(hashlib.sha1(p.encode()).hexdigest() == label["hashed_secret"] for p in pieces)  # noqa: S324 - their labels


def gitleaks(engine: Engine, root: Path) -> Iterator[tuple[str, int, bool, bool]]:
    """As above; its sample files hold one planted secret each, and its documentation none."""
    for file in sorted(p for p in root.rglob("*") if p.is_file() and "dotGit" not in p.parts):
        if file.suffix == ".go":
            yield from strings_of(engine, file)
        elif file.name in {".env.prod", "main.go.gz", "small.txt", "small-branch-foo.txt", "id_ed25519", "README.md"}:
            octets = file.read_bytes()
            content = (gzip.decompress(octets) if file.suffix == ".gz" else octets).decode("utf-8", "replace")
            labelled = set(planted(content))
            hit = lines_found(engine, content)
            yield from ((file.name, n, n in labelled, n in hit) for n in sorted(labelled | hit))


def planted(content: str) -> Iterator[int]:
    """The lines that hold what its reports name: the access key, the password of the database, the private key."""
    for number, line in enumerate(content.split("\n"), 1):
        if re.search(r"\"AKIA[A-Z0-9]{16}\"|^DB_PASSWORD=|^-----BEGIN OPENSSH", line):
            yield number


def strings_of(engine: Engine, file: Path) -> Iterator[tuple[str, int, bool, bool]]:
    """Every string of `tps` and `fps` in a rule's source."""
    source = file.read_text("utf-8", "replace")
    for kind, listed in _LIST.findall(source):
        for number, (raw, quoted) in enumerate(_STRING.findall(listed), 1):
            value = raw or quoted.encode().decode("unicode_escape")
            hit = bool(lines_found(engine, value))
            if kind == "tps" or hit:
                yield f"{file.name}:{kind}", number, kind == "tps", hit


def score(name: str, rows: Iterable[tuple[str, int, bool, bool]], misses: list[str]) -> Score:
    total = Score(name)
    for file, line, labelled, hit in rows:
        total.labelled += labelled
        total.found += labelled and hit
        total.false += hit and not labelled
        if labelled is not hit:
            misses.append(f"{name} {file}:{line} {'missed' if labelled else 'false'}")
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--rules", type=Path, default=Path("rules") / "credentials.yaml")
    parser.add_argument("--misses", action="store_true")
    args = parser.parse_args()
    engine, _ = shipped([args.rules])
    misses: list[str] = []
    print(
        score(
            "detect-secrets", detect_secrets(engine, args.corpora / "cred-detect-secrets" / "test_data"), misses
        ).line()
    )
    print(score("gitleaks", gitleaks(engine, args.corpora / "cred-gitleaks"), misses).line())
    if args.misses:
        print("\n".join(misses))


if __name__ == "__main__":
    main()
