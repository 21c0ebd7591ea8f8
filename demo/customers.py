"""Customers who don't exist: always the same ones, with telephone numbers from the range kept for fiction."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from connect_campaigns.core.rows import join

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CUSTOMERS = 5_000
SEGMENT = "country=US|CA, plan=plus|pro, balance>500, contact!=never"
"""Whom the demo calls where nobody says otherwise; `country` goes to a standard field, the others to attributes."""

_HEADER = ("customer_id", "first_name", "phone", "country", "plan", "balance", "contact", "last_order")
_FIRST_NAMES = (
    "Ada", "Amir", "Anna", "Ben", "Chen", "Chloé", "Dana", "Diego", "Elif", "Emil", "Fatima", "Grace", "Hana", "Ivan",
    "Jonas", "José", "Kofi", "Lea", "Lina", "Marco", "Maya", "Nadia", "Noah", "Olga", "Omar", "Priya", "Rosa", "Sami",
    "Søren", "Tara", "Tom", "Uma", "Vera", "Wen", "Yara", "Zoe",
)  # fmt: skip
_COUNTRIES = ("US", "US", "US", "US", "CA", "CA", "JM", "DO", "BS")  # where numbers begin with +1
_PLANS = ("free", "free", "basic", "basic", "plus", "plus", "pro")
_CONTACT = ("voice", "voice", "voice", "any", "any", "never")

_TOLL_FREE = {800, 822, 833, 844, 855, 866, 877, 888}
_NO_PLACE = {500, 521, 522, 533, 544, 555, 566, 577, 588, 600, 622, 633, 700, 710, 900}
_AREA_CODES = tuple(
    code
    for code in range(201, 990)
    if code % 100 != 11 and code // 10 % 10 != 9 and code not in _TOLL_FREE and code not in _NO_PLACE
)
"""Codes that can be a place's in North America: no N11, none kept for expansion (N9X), none without a place."""

NUMBERS = len(_AREA_CODES) * 100
"""How many different numbers there are; after them they come again."""


def fictional_phone(number: int) -> str:
    """Give the n-th number of the range kept for fiction: +1, an area code, 555 01 and two digits.

    >>> fictional_phone(0), fictional_phone(1)
    ('+12015550100', '+12025550100')
    """
    line, area = divmod(number % NUMBERS, len(_AREA_CODES))
    return f"+1{_AREA_CODES[area]}55501{line:02d}"


def write_customers(path: Path, *, number: int = CUSTOMERS) -> None:
    """Write a file of customers; the same number gives the same bytes on every machine."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{join(_HEADER)}\n")
        file.writelines(f"{join(row)}\n" for row in _rows(number))


def _rows(number: int) -> Iterator[tuple[str, ...]]:
    chance = random.Random(20261201)  # noqa: S311 - repeatable on purpose
    for each in range(1, number + 1):
        yield (
            f"C{each:05d}",
            chance.choice(_FIRST_NAMES),
            fictional_phone(each),
            chance.choice(_COUNTRIES),
            chance.choice(_PLANS),
            f"{chance.lognormvariate(6.0, 1.1):.2f}",
            chance.choice(_CONTACT),
            f"2026-{chance.randint(1, 11):02d}-{chance.randint(1, 28):02d}",
        )
