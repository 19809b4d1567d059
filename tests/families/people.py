"""A small directory as tests of families ask it: the questions a family has are answered as of a day."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from smtp_gate.core.directory import Dated, Entry, index
from smtp_gate.core.facts import Facts
from smtp_gate.core.finding import Finding
from smtp_gate.core.view import MessageView
from smtp_gate.families.base import Family

DAY = date(2026, 3, 2)
LAST, FIRST, HANDED_OVER = date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 15)


def dated(*values: str) -> tuple[Dated, ...]:
    return tuple(map(Dated, values))


DANA = Entry(
    "dokafor@milwaukee.gov", name="Dana Okafor", groups=dated("permits"), aliases=dated("Dana.Okafor@milwaukee.gov")
)
MAJA = Entry("mlindgren@milwaukee.gov", name="Maja Lindgren", person="p-3")
PRICE = Entry(
    "tprice@milwaukee.gov",
    name="Terrence Price",
    title="Records Manager",
    groups=dated("officials"),
    senders=dated("dokafor@milwaukee.gov"),
)
GONE = Entry("bkowal@milwaukee.gov", name="Brian Kowal", until=date(2025, 12, 31))
COMING = Entry("new@milwaukee.gov", name="Nia New", since=date(2026, 5, 4))
DESK = Entry("permits@milwaukee.gov", "shared", "Permit Desk", senders=dated("group:permits"))
PARKS = Entry("parks@milwaukee.gov", "forward", "Parks")
ALERTS = Entry("alerts@milwaukee.gov", "list", "Service Alerts")
NANCY = Entry(
    "nrobles@milwaukee.gov",
    name="Nancy Robles",
    person="p-2",
    aliases=dated("Nancy.Robles@milwaukee.gov"),
    until=LAST,
)
NANCY2 = Entry(
    "nrobles2@milwaukee.gov",
    name="Nancy Robles",
    person="p-2",
    aliases=(Dated("Nancy.Robles@milwaukee.gov", HANDED_OVER),),
    since=FIRST,
)
CITY = (DANA, MAJA, PRICE, GONE, COMING, DESK, PARKS, ALERTS, NANCY, NANCY2)


def asked(family: Family[Any], view: MessageView, params: Any, day: date = DAY, city: Iterable[Entry] = CITY) -> Facts:
    """The family's questions, answered by that city."""
    return Facts(index(tuple(city)).answer(tuple(family.needs(view, params)), day))


def found(
    family: Family[Any], view: MessageView, params: Any, day: date = DAY, city: Iterable[Entry] = CITY
) -> tuple[Finding, ...]:
    """What the family finds on that day."""
    return tuple(family.check(view, asked(family, view, params, day, city), params))
