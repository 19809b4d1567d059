"""The wheel: built without network, complete, and at home in an environment that has no checkout beside it."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Final

import pytest

from smtp_gate import __version__

ROOT: Final = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(c) for c in command],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=cwd,
        env=environment | {"NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make` and the image build it: by the hatchling that is installed, without isolation."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it; the libraries are those of this one, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("home")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install: list[str | Path] = ["-m", "pip", "--disable-pip-version-check", "--python", python, "install", "--quiet"]
    run(sys.executable, *install, "--no-deps", "--no-index", "--ignore-installed", wheel, cwd=folder)
    where = run(python, "-c", "import smtp_gate; print(smtp_gate.__file__)", cwd=folder).strip()
    assert Path(where).is_relative_to(folder), f"{where} is not the wheel's"
    return folder


def test_rules_settings_and_licence_are_in_it_and_tests_are_not(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    shipped = [p for folder in ("rules", "config") for p in (ROOT / folder).rglob("*") if p.is_file()]
    assert len(shipped) > 8
    kept = [p.relative_to(ROOT).as_posix() for p in shipped if "data" not in p.relative_to(ROOT).parts[1:-1]]
    assert [name for name in kept if f"smtp_gate/share/{name}" not in names] == []
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "smtp_gate/py.typed" in names
    assert [name for name in names if re.match(r"(tests|docs)/", name)] == []


def test_it_says_its_version(home: Path) -> None:
    assert __version__ in run(home / "env" / "bin" / "smtp-gate", "--version", cwd=home)


def test_the_shipped_rules_and_settings_pass_their_own_check(home: Path) -> None:
    run(home / "env" / "bin" / "smtp-gate", "check", cwd=home)
    run(home / "env" / "bin" / "smtp-gate", "test", cwd=home)


def test_a_starter_made_from_it_passes_too(home: Path) -> None:
    for folder, options in (("my-city", ()), ("beside", ("--shipped",))):
        run(home / "env" / "bin" / "smtp-gate", "init", *options, folder, cwd=home)
        run(home / "env" / "bin" / "smtp-gate", "check", "-c", f"{folder}/config/smtp-gate.yaml", cwd=home)
