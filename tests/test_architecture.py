"""The house rules that a linter cannot see: rooms, ceilings, a test file for each module, examples for each rule."""

import ast
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path, PurePath
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "smtp_gate"
MODULES: Final = sorted(p.relative_to(ROOT).as_posix() for p in PACKAGE.rglob("*.py"))

MODULE_LINES: Final = 300
FUNCTION_LINES: Final = 40

LONG_MODULES: Final[dict[str, str]] = {}
"""Modules over the ceiling, each with its reason. The table only shrinks."""

LONG_FUNCTIONS: Final[dict[str, str]] = {
    "smtp_gate/cli/samples.py:samples": "the demo's letters one below the other; cutting the list up would only hide it",
}
"""Functions over the ceiling, each with its reason. The table only shrinks."""

TESTED_ELSEWHERE: Final[dict[str, tuple[str, str]]] = {
    "adapters/clock.py": ("tests/adapters/test_logs.py", "two lines; what they say stands in every log line"),
    "adapters/demo_hop.py": ("tests/cli/test_commands.py", "the demo's own next hop is tested by running the demo"),
    "adapters/door*.py": ("tests/session", "the door is one state machine on the wire; dialogues test it whole"),
    "adapters/directory_columns.py": ("tests/cli/test_schema.py", "the schema of a row is held to the reader of rows"),
    "adapters/extractor*.py": ("tests/server/test_extractors.py", "asking is tested with children that answer"),
    "adapters/metrics_http.py": ("tests/adapters/test_metrics.py", "the page is asked for over HTTP there"),
    "adapters/next_hop_*.py": (
        "tests/adapters/test_next_hop.py",
        "parts of one client, tested against a scripted sink",
    ),
    "cli/*.py": ("tests/cli/test_commands.py", "commands are tested as a person calls them"),
    "config/*.py": ("tests/test_config.py", "a settings file goes through all of them"),
    "core/course.py": ("tests/test_gate.py", "deadlines mean something only in the gate's story"),
    "core/facts.py": ("tests/test_examine.py", "values without behaviour beside a look-up"),
    "core/features.py": ("tests/session", "what is announced is seen on the wire"),
    "core/finding.py": ("tests/core/test_verdict.py", "values without behaviour"),
    "core/message.py": ("tests/reading/test_paths.py", "values without behaviour beside the key of a path"),
    "core/ports.py": ("tests/test_gate.py", "protocols that the gate's tests fill with fakes"),
    "detect/candidates.py": ("tests/detect/test_engine.py", "the engine's own loop"),
    "detect/compiled.py": ("tests/detect/test_engine.py", "what the engine is made of"),
    "detect/detectors.py": ("tests/detect/test_engine.py", "values that the engine is made of"),
    "detect/patterns.py": ("tests/detect/test_engine.py", "a part of the engine"),
    "detect/validators/*.py": ("tests/detect/test_validators.py", "one kind of function, tested side by side"),
    "families/base.py": ("tests/test_examine.py", "the protocol of a family; examination is its only caller"),
    "families/clauses.py": (
        "tests/families/test_sensitive.py",
        "clauses are tested through a family that has nothing else",
    ),
    "judge.py": ("tests/test_gate.py", "judging is a part of the gate's story, tested with its ports faked"),
    "reading/attributions.py": ("tests/reading/test_regions.py", "an attribution shows in the regions of a text"),
    "reading/charset.py": ("tests/reading/test_text.py", "a step of reading text"),
    "reading/domains.py": ("tests/reading/test_addresses.py", "a step of reading addresses and links"),
    "reading/headers.py": ("tests/reading/test_mime.py", "a part of the splitter"),
    "reading/html_style.py": ("tests/reading/test_html.py", "styles matter where they hide something"),
    "reading/html_values.py": ("tests/reading/test_html.py", "values of attributes stand in what a page says"),
    "reading/richtext.py": ("tests/reading/test_disguises.py", "commands of a text format are one more disguise"),
    "reading/texts.py": ("tests/reading/test_mime.py", "texts are seen in the view"),
    "reading/html_bounds.py": ("tests/reading/test_html.py", "the bounds within which HTML is parsed"),
    "reading/kinds.py": ("tests/reading/test_mime.py", "a leaf's kind is seen in the view"),
    "reading/leaves.py": ("tests/reading/test_mime.py", "leaves are seen in the view"),
    "reading/limits.py": ("tests/properties/test_read.py", "values; that they hold is a property of reading"),
    "reading/openers/base.py": ("tests/reading/test_containers.py", "what openers are made of"),
    "reading/openers/compressed.py": ("tests/reading/test_containers.py", "the simplest of containers"),
    "reading/openers/biffstrings.py": ("tests/reading/openers/test_biff.py", "strings of records"),
    "reading/openers/codepages.py": ("tests/reading/openers/test_documents.py", "codecs that confined children have"),
    "reading/openers/compound.py": ("tests/reading/openers/test_ole.py", "the container of older documents"),
    "reading/openers/lzfu.py": ("tests/reading/openers/test_msg.py", "a step of reading saved messages"),
    "reading/openers/mapi.py": ("tests/reading/openers/test_msg.py", "what saved messages and TNEF share"),
    "reading/openers/native.py": ("tests/reading/openers/test_ole.py", "files packed into older documents"),
    "reading/openers/numbers.py": ("tests/reading/openers/test_office.py", "values of workbooks"),
    "reading/openers/pdf?*.py": ("tests/reading/openers/test_pdf.py", "steps of reading PDF"),
    "reading/openers/powerpoint.py": ("tests/reading/openers/test_ole.py", "one of the older documents"),
    "reading/openers/said.py": (
        "tests/reading/openers/test_office.py",
        "what every opener of documents says its text to",
    ),
    "reading/openers/sheet*.py": ("tests/reading/openers/test_office.py", "values of workbooks"),
    "reading/openers/streams.py": (
        "tests/reading/test_containers.py",
        "decompressing is what containers are opened by",
    ),
    "reading/openers/zip_*.py": ("tests/reading/openers/test_zip.py", "records and words of zip files"),
    "reading/openers/strings.py": ("tests/reading/openers/test_ole.py", "what is read of unknown streams"),
    "reading/openers/tables.py": ("tests/reading/openers/test_office.py", "rows and cells of all documents"),
    "reading/openers/vba.py": ("tests/reading/openers/test_ole.py", "macros of older documents"),
    "reading/openers/word.py": ("tests/reading/openers/test_ole.py", "one of the older documents"),
    "reading/openers/xmltext.py": ("tests/reading/openers/test_office.py", "the parts of packages"),
    "reading/params.py": ("tests/reading/test_mime.py", "a part of the splitter"),
    "reading/phrases.py": ("tests/reading/test_regions.py", "the words that begin a region"),
    "reading/reader.py": ("tests/properties/test_read.py", "the whole of reading; its laws are properties"),
    "reading/sink.py": ("tests/reading/test_mime.py", "a part of the splitter"),
    "reading/transfer.py": ("tests/reading/test_mime.py", "a part of the splitter"),
    "reading/union.py": ("tests/reading/test_mime.py", "the readings of an ambiguous message are seen in the view"),
    "reading/words.py": ("tests/reading/test_text.py", "a step of reading text"),
    "ruleset/aside.py": ("tests/ruleset/test_examples.py", "examples are what is judged aside"),
    "replay/compared.py": ("tests/replay/test_report.py", "values that a report shows"),
    "replay/page.py": ("tests/replay/test_report.py", "what the report is written in"),
    "replay/plots.py": ("tests/replay/test_report.py", "plots are seen in the report"),
    "replay/rows.py": ("tests/replay/test_twice.py", "rows are what judging twice gives"),
    "replay/said.py": ("tests/replay/test_report.py", "sentences that a report shows"),
    "replay/sameness.py": ("tests/replay/test_redecide.py", "what looks alike is what a record can tell"),
    "replay/work.py": ("tests/replay/test_twice.py", "values that are judged"),
    "ruleset/example_*.py": ("tests/ruleset/test_examples.py", "parts of one thing"),
    "ruleset/packs.py": ("tests/ruleset/test_build.py", "a step of building"),
    "ruleset/override_schema.py": ("tests/ruleset/test_layers.py", "what it may say is shown by what it may not"),
    "ruleset/policy.py": ("tests/ruleset/test_build.py", "a step of building"),
    "ruleset/problems.py": ("tests/ruleset/test_broken.py", "every mistake of a pack is one"),
    "ruleset/rules.py": ("tests/ruleset/test_build.py", "a step of building"),
    "ruleset/schema.py": ("tests/ruleset/test_broken.py", "what a pack may say is shown by what it may not"),
    "ruleset/reference_*.py": ("tests/ruleset/test_reference.py", "parts of one page"),
    "ruleset/shipped.py": ("tests/ruleset/test_reference.py", "what is shipped stands in the page"),
    "ruleset/vocabulary.py": ("tests/ruleset/test_broken.py", "the words of a pack, and the nearest of them"),
    "ruleset/yaml_syntax.py": ("tests/ruleset/test_broken_files.py", "what is no YAML is one of the broken files"),
    "server/*.py": ("tests/server/test_worker.py", "a worker is started and stopped with all of them"),
    "store/errand.py": ("tests/store/test_release.py", "a transaction is a step of a release"),
    "store/progress_files.py": ("tests/store/test_progress.py", "steps and the file that holds them"),
    "store/states.py": ("tests/store/test_quarantine.py", "states are seen in what lies where"),
    "store/taken.py": ("tests/store/test_release.py", "an item under a claim is what a release works on"),
    "store/looking.py": ("tests/store/test_hold_rows.py", "what lies where is what the index says of it"),
    "store/journal_*.py": ("tests/store/test_journal.py", "parts of the journal"),
}
"""Modules without a test file of their own name: the file or folder that tests them, and why there."""


def tracked() -> list[Path]:
    """The project's own files: those that git knows or would take."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        pytest.skip("not a git checkout, so nothing says which files are the project's own")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def functions(module: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a module with its dotted name."""

    def walk(node: ast.AST, name: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}:{child.name}", child
                yield from walk(child, f"{name}:{child.name}")
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{name}:{child.name}")
            else:
                yield from walk(child, name)

    yield from walk(ast.parse((ROOT / module).read_text()), module)


def over(found: dict[str, int], ceiling: int, exempt: dict[str, str]) -> list[str]:
    """What is over a ceiling without being exempt, and what is exempt without being over it."""
    wrong = [f"{name}: {n} lines, {ceiling} at most" for name, n in found.items() if n > ceiling and name not in exempt]
    wrong += [
        f"{name}: no longer over the ceiling, so take it out of the table"
        for name in exempt
        if found.get(name, 0) <= ceiling
    ]
    return wrong


def test_rooms_import_only_what_lies_below_them() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        capture_output=True, text=True, timeout=100, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_library_has_its_room() -> None:
    imported = set()
    for module in MODULES:
        for node in ast.walk(ast.parse((ROOT / module).read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    roomed = {m for name in contracts.sections() for m in contracts[name].get("protected_modules", "").split()}
    assert imported - roomed - sys.stdlib_module_names - {"smtp_gate"} == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_opens_with_its_one_duty(module: str) -> None:
    doc = ast.get_docstring(ast.parse((ROOT / module).read_text()))
    assert doc, "no docstring"
    first = doc.splitlines()[0]
    assert 10 <= len(first) <= 140, first
    assert first[-1] in ".:;,)?" or len(doc.splitlines()) > 1, first


def test_modules_stay_small() -> None:
    lines = {m: len((ROOT / m).read_text().splitlines()) for m in MODULES}
    assert over(lines, MODULE_LINES, LONG_MODULES) == []


def test_functions_stay_small() -> None:
    lines = {n: (f.end_lineno or 0) - f.lineno + 1 for m in MODULES for n, f in functions(m)}
    assert over(lines, FUNCTION_LINES, LONG_FUNCTIONS) == []


def mirrored(module: str) -> str:
    """Where the tests of a module stand: tests/ mirrors the package."""
    path = Path(module).relative_to("smtp_gate")
    if path.name == "__init__.py":
        return f"tests/test_{path.parent.name}.py" if path.parent.name else "tests/test_package.py"
    return (Path("tests") / path.parent / f"test_{path.name}").as_posix()


def holds_code(module: str) -> bool:
    """Whether there is anything to test: a package's `__init__` often holds its docstring alone."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) for node in ast.walk(ast.parse((ROOT / module).read_text())))


def test_a_module_has_a_test_file() -> None:
    alone = [m for m in MODULES if holds_code(m) and not (ROOT / mirrored(m)).exists()]
    excused = {p: [m for m in alone if PurePath(m).match(f"smtp_gate/{p}")] for p in TESTED_ELSEWHERE}
    missing = set(alone) - {m for found in excused.values() for m in found}
    assert [f"{m}: no {mirrored(m)}" for m in sorted(missing)] == []
    assert [f"{pattern}: nobody needs this any more" for pattern, found in excused.items() if not found] == []
    assert [where for where, _ in TESTED_ELSEWHERE.values() if not (ROOT / where).exists()] == []


def rules() -> list[tuple[str, dict[str, Any]]]:
    """Every rule of the shipped packs as it stands in its file."""
    packs = [(p.name, yaml.safe_load(p.read_text())) for p in sorted((ROOT / "rules").glob("*.yaml"))]
    return [(f"{name}:{rule.get('id')}", rule) for name, pack in packs for rule in pack.get("rules", [])]


def test_there_are_rules() -> None:
    assert len(rules()) >= 5


@pytest.mark.parametrize(("name", "rule"), rules(), ids=[name for name, _ in rules()])
def test_a_rule_names_its_clause_and_shows_a_hit_and_a_miss(name: str, rule: dict[str, Any]) -> None:
    clauses = rule.get("policy")
    assert clauses
    assert all(re.fullmatch(r"P-[A-Z-]+", c) for c in ([clauses] if isinstance(clauses, str) else clauses))
    assert rule["examples"]["hit"]
    assert rule["examples"]["miss"]
    assert rule.get("title")


MACHINE: Final = re.compile(
    r"(?<![\w.])/(?:work|farm|root|home/\w+|mnt|Users)/"
    r"|(?<![\w.])/(?:var/)?tmp/"
    r"|pythonhosted|pypi\.org|/simple/|registry\.npmjs|deb\.debian|security\.debian"
    r"|extra-index-url|--index-url"
)


def test_files_speak_of_no_machine_and_no_registry() -> None:
    found = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name == "tests/test_architecture.py":
            continue
        text = path.read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            hit = MACHINE.search(line)
            if hit and not (name.startswith("tests/") and "tmp/" in hit[0]):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert found == []


SILENCED: Final = re.compile(r"#\s*(noqa|type:\s*ignore)")
REASONED: Final = re.compile(
    r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type:\s*ignore\[[\w-]+(?:, ?[\w-]+)*\]) +(?:- |# )\S+ \S+"
)


def comments(path: Path) -> list[tuple[int, str]]:
    """Every comment of a file with its line."""
    with path.open("rb") as source:
        tokens = list(tokenize.tokenize(source.readline))
    return [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]


def test_a_silenced_finding_names_its_code_and_its_reason() -> None:
    files = (*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"))
    found = [
        f"{path.relative_to(ROOT)}:{line}: {comment}"
        for path in files
        for line, comment in comments(path)
        if SILENCED.search(comment) and not REASONED.search(comment)
    ]
    assert found == []


def test_the_project_ships_what_an_installation_needs() -> None:
    for name in ("LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "requirements.lock"):
        assert (ROOT / name).stat().st_size > 200, name
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(p.name[:4]) for p in decisions] == list(range(1, len(decisions) + 1))


def test_every_locked_package_has_hashes_and_the_two_locks_agree() -> None:
    pins = []
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        entries = re.findall(r"^([a-z0-9][\w.-]*==\S+)(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        assert entries
        assert [pin for pin, rest in entries if "--hash=sha256:" not in rest] == []
        pins.append({pin for pin, _ in entries})
    assert pins[0] <= pins[1]
