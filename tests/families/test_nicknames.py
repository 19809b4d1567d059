"""The table of nicknames: small letters, and what one row says holds both ways."""

from smtp_gate.families.nicknames import NICKNAMES


def test_names_are_small_letters_and_never_their_own_nicknames() -> None:
    assert all(n.isascii() and n.isalpha() and n == n.lower() for n in NICKNAMES)
    assert all(name not in others and others for name, others in NICKNAMES.items())


def test_a_row_holds_both_ways() -> None:
    assert "bob" in NICKNAMES["robert"]
    assert "robert" in NICKNAMES["bob"]
    assert "nan" in NICKNAMES["nancy"]
    assert "bill" in NICKNAMES["william"]
    assert all(name in NICKNAMES[other] for name, others in NICKNAMES.items() for other in others)


def test_rows_do_not_run_into_each_other() -> None:
    assert "bob" not in NICKNAMES["william"]
    assert "dana" not in NICKNAMES.get("dan", frozenset())
