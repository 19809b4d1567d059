"""The users file of AUTH: what it accepts, what it refuses by line, and that it shows no secret."""

from pathlib import Path

import pytest

from smtp_gate.adapters.passwords import Hash, load, parse

LOW = 10
"""The lowest cost the file accepts, so that the tests take no tens of milliseconds a check."""
LINE = f"dokafor@milwaukee.gov:{Hash.of('correct horse', LOW)}"


def test_a_user_is_let_in_by_the_own_password_alone() -> None:
    users = parse(f"# staff\n\n{LINE}\ncdiaz@milwaukee.gov:{Hash.of('battery staple', LOW)}\n")
    assert users.check("dokafor@milwaukee.gov", "correct horse")
    assert not users.check("dokafor@milwaukee.gov", "battery staple")
    assert not users.check("dokafor@milwaukee.gov", "")
    assert not users.check("DOKAFOR@milwaukee.gov", "correct horse")
    assert not users.check("nobody@milwaukee.gov", "correct horse")


def test_an_empty_file_lets_nobody_in() -> None:
    assert not parse("").check("nobody", "nobody")


def test_a_hash_reads_what_it_writes_and_hides_itself() -> None:
    made = Hash.of("päss word", LOW)
    assert Hash.parse(str(made)) == made
    assert Hash.parse(str(made)).matches("päss word")
    assert made.digest.hex() not in repr(made)
    assert repr(made.digest) not in repr(made)


def test_the_same_password_has_another_hash_each_time() -> None:
    assert str(Hash.of("x", LOW)) != str(Hash.of("x", LOW))


GOOD = str(Hash.of("x", LOW))


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "x",
        "$6$salt$hash",
        GOOD + "!",
        GOOD.replace("ln=10", "ln=9"),
        GOOD.replace("ln=10", "ln=21"),
        GOOD.replace("ln=10,r=8", "ln=20,r=64"),
        GOOD.replace("r=8", "r=0"),
        GOOD.replace("p=1", "p=9"),
    ],
)
def test_a_hash_out_of_form_or_bounds_is_refused(digest: str) -> None:
    with pytest.raises(ValueError, match="scrypt"):
        Hash.parse(digest)


@pytest.mark.parametrize("line", ["nobody", ":" + GOOD, "a\x07b:" + GOOD, LINE, "other:secret-in-clear"])
def test_a_bad_line_is_named_by_its_number_and_never_shown(line: str) -> None:
    with pytest.raises(ValueError, match="line 3") as raised:
        parse(f"{LINE}\n# next\n{line}\n")
    assert "secret-in-clear" not in str(raised.value)
    assert GOOD not in str(raised.value)


def test_a_file_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "users").write_text(LINE + "\n", "utf-8")
    assert load(tmp_path / "users").check("dokafor@milwaukee.gov", "correct horse")
    with pytest.raises(OSError, match="none"):
        load(tmp_path / "none")
