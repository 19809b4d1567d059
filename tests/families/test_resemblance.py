"""Which addresses bear a person's name: whole names strongly, initials weakly, relatives and strangers not at all."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_gate.families.resemblance import STRONG, WEAK, Person, words_of


@pytest.mark.parametrize(
    ("name", "locals_"),
    [
        ("Dana Okafor", "danaokafor okafor.dana dana_okafor1975 Dana.Okafor+city d.a.n.a.o.k.a.f.o.r dana0kafor"),
        ("Dana Okafor", "dana.okafor.home mkedanaokafor therealdanaokafor ms.dana.okafor danaokafor.wi danaokaforwork"),
        ("Dana Okafor", "danakokafor dana.a.okafor dana_rose_okafor"),
        ("Dana M. Okafor", "danamokafor dmokafor okafordm okafor.dana.m"),
        ("Dana Marie Okafor", "dana.marie.okafor dmarieokafor dmokafor77"),
        ("Nancy Robles", "nanrobles robles_nan nan.m.robles"),
        ("Robert Smith", "bobsmith rob.smith1968 smithbobby robertsmith"),
        ("Bob Smith", "robert.smith bobsmith"),
        ("William van der Berg", "billvanderberg will.berg vanderbergwilliam"),
        ("Maria José de la Cruz-Gómez", "mariagomez mjcruzgomez maria.cruzgomez"),
        ("Sinéad O'Brien", "sineadobrien o.brien.sinead"),
        ("Jörg Müller", "jorgmuller joerg.mueller mueller_joerg"),
        ("Okafor, Dana (Public Works)", "danaokafor"),
        ("Dana Okafor - DPW", "okafordana"),
        ("Dr. Dana Okafor, PhD", "danaokafor okafor.dana.phd"),
    ],
)
def test_whole_names_resemble_strongly(name: str, locals_: str) -> None:
    person = Person(name)
    assert {local: person.grade(local) for local in locals_.split()} == dict.fromkeys(locals_.split(), STRONG)


@pytest.mark.parametrize(
    ("name", "locals_"),
    [
        ("Dana Okafor", "dokafor d.okafor77 okafor.d okaford danao dana.o99 dan.okafor danaokaf dqokafor danaaokafor"),
        ("Dan Okafor", "danaokafor"),
        ("Dana Marie Okafor", "marie.okafor danamarie"),
    ],
)
def test_initials_and_pieces_resemble_weakly(name: str, locals_: str) -> None:
    person = Person(name)
    assert {local: person.grade(local) for local in locals_.split()} == dict.fromkeys(locals_.split(), WEAK)


@pytest.mark.parametrize(
    ("name", "locals_"),
    [
        ("Dana Okafor", "okafor the.okafors okaforfamily ms.okafor dana dana1975 lee.park d.park chidi.okafor 1975 +x"),
        ("Dana Okafor", "david.okafor danielokafor dokaforson danaandchidiokafor dxyokafor"),
        ("Dana M. Okafor", "danakokafor dana.k.okafor"),
        ("Li Ng", "ling lng ngli li.ng"),
        ("Okafor", "okafor dokafor"),
        ("", "danaokafor"),
        ("Дана Окафор", "danaokafor"),
    ],
)
def test_relatives_and_strangers_do_not(name: str, locals_: str) -> None:
    person = Person(name)
    assert {local: person.grade(local) for local in locals_.split()} == dict.fromkeys(locals_.split(), "")


def test_the_name_of_the_account_itself_resembles_weakly() -> None:
    assert Person("Dana Okafor", ["citykd7x"]).grade("citykd7x@".rstrip("@")) == WEAK
    assert Person("Dana Okafor", ["dpw"]).grade("dpw") == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Dana Okafor", ["dana", "okafor"]),
        ("Okafor, Dana M.", ["dana", "m", "okafor"]),
        ("Dana Okafor, Jr.", ["dana", "okafor"]),
        ("Robert 'Bob' O\u2019Brien", ["robert", "bob", "obrien"]),
        ("Łukasz Żółć", ["lukasz", "zolc"]),
        ("A B C D E F G H I J", ["a", "b", "c", "d", "e", "f", "g", "j"]),
        ("(nobody)", []),
    ],
)
def test_words_of_names(name: str, words: list[str]) -> None:
    assert list(words_of(name)) == words


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_makes_it_raise(name: str, local: str) -> None:
    assert Person(name).grade(local) in {STRONG, WEAK, ""}


@given(st.text(alphabet="ab. ", max_size=60), st.text(alphabet="ab.", max_size=64))
def test_a_local_part_means_the_same_whenever_it_is_asked(name: str, local: str) -> None:
    person = Person(name)
    assert person.grade(local) == person.grade(local) == Person(name).grade(local)


def test_names_of_one_letter_over_and_over_cost_little() -> None:
    person = Person("aaaaaaaaa b c d e f g aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    began = time.process_time()
    for number in range(1000):
        person.grade("a" * 40 + "me" * (number % 12))
    assert time.process_time() - began < 3
