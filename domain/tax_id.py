"""VAT identification numbers: country prefix, form and check digits (EN 16931, BR-CO-09).

The algorithms are those that the tax administrations publish. A number that passes is well formed;
whether it is registered, only the administration can say. Where an administration accepts what its
published rule does not explain, so does this: a wrong refusal would stop a lawful invoice.
"""
# ruff: noqa: PLR2004 (the numbers are those of the published algorithms)

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Literal, TypeAlias

from domain.checksums import luhn, mod_11, mod_11_10, mod_97, weighted

Standing: TypeAlias = Literal["valid", "invalid", "unverified"]
"""``unverified``: it begins with a country whose numbers are not known here."""

_SEPARATORS = re.compile(r"[\s.\-/]")
_PREFIXED = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,14}")


def compact(text: str) -> str:
    """The number without what only separates its digits, in capitals."""
    return _SEPARATORS.sub("", text).upper()


def standing(vat_id: str) -> Standing:
    """Whether the VAT id is what its country makes, as far as its characters tell."""
    number = compact(vat_id)
    if not number.isascii() or not _PREFIXED.fullmatch(number):
        return "invalid"
    rule = COUNTRIES.get(number[:2])
    if rule is None:
        return "unverified"
    form, checks = rule
    match = re.fullmatch(form, number[2:])
    return "valid" if match and checks(match[1]) else "invalid"


# ---------------------------------------------------------------- the countries, alphabetically


def _austria(n: str) -> bool:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in n[1:7:2])
    return (4 + doubled + sum(map(int, n[:7:2])) + int(n[7])) % 10 == 0


def _belgium(n: str) -> bool:
    digits = n.zfill(10)
    return 97 - int(digits[:8]) % 97 == int(digits[8:])


def _bulgaria(n: str) -> bool:
    if len(n) == 9:
        check = weighted(n[:8], range(1, 9)) % 11
        return int(n[8]) == (check if check < 10 else weighted(n[:8], range(3, 11)) % 11 % 10)
    checks = (
        weighted(n[:9], (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10,  # citizens
        weighted(n[:9], (21, 19, 17, 13, 11, 9, 7, 3, 1)) % 10,  # foreigners
        (11 - weighted(n[:9], (4, 3, 2, 7, 6, 5, 4, 3, 2))) % 11,  # others
    )
    return int(n[9]) in checks


def _switzerland(n: str) -> bool:
    return (11 - weighted(n[:8], (5, 4, 3, 2, 7, 6, 5, 4))) % 11 == int(n[8])


def _cyprus(n: str) -> bool:
    odd = sum((1, 0, 5, 7, 9, 13, 15, 17, 19, 21)[int(digit)] for digit in n[:8:2])
    return chr(ord("A") + (odd + sum(map(int, n[1:8:2]))) % 26) == n[8]


def _czechia(n: str) -> bool:
    match len(n), n[0]:
        case 8, _:
            return (11 - weighted(n[:7], range(8, 1, -1)) % 11) % 10 == int(n[7])
        case 9, "6":
            return (8 - (10 - weighted(n[1:8], range(8, 1, -1))) % 11) % 10 == int(n[8])
        case 9, _:  # A birth number of before 1954 has no check digit, but a date.
            months = (*range(1, 13), *range(21, 33))  # Women's begin at 51 and at 71.
            return int(n[2:4]) % 50 in months and int(n[4:6]) in range(1, 32)
        case _:
            return int(n[:9]) % 11 % 10 == int(n[9])


def _greece(n: str) -> bool:
    digits = n.zfill(9)
    return weighted(digits[:8], (256, 128, 64, 32, 16, 8, 4, 2)) % 11 % 10 == int(digits[8])


def _spain(n: str) -> bool:
    if n[0] in "0123456789XYZKLM":
        person = n[:8].translate(str.maketrans("XYZKLM", "012000"))
        return "TRWAGMYFPDXBNJZSQVHLCKE"[int(person) % 23] == n[8]
    digit = next(str(check) for check in range(10) if luhn(n[1:8] + str(check)))
    letter = "JABCDEFGHI"[int(digit)]
    return n[8] in {digit, letter}


def _france(n: str) -> bool:
    siren = n[2:]
    # Monaco's numbers begin with 000 and have no check digit of their own.
    if not siren.startswith("000") and not luhn(siren):
        return False
    if n[:2].isdigit():
        return int(siren + "12") % 97 == int(n[:2])
    signs = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    first, second = signs.index(n[0]), signs.index(n[1])
    key = first * 24 + second - 10 if n[0].isdigit() else first * 34 + second - 100
    return (int(siren) + 1 + key // 11) % 11 == key % 11


def _britain(n: str) -> bool:
    if n.startswith("GD"):
        return int(n[2:]) < 500
    if n.startswith("HA"):
        return int(n[2:]) >= 500
    return (weighted(n[:7], range(8, 1, -1)) + int(n[7:9])) % 97 in {0, 42, 55}


def _ireland(n: str) -> bool:
    letters = "WABCDEFGHIJKLMNOPQRSTUV"
    old = not n[1].isdigit()
    digits = "0" + n[2:7] + n[0] if old else n[:7]
    second = letters.index(n[8]) if len(n) == 9 else 0
    return letters[(weighted(digits, range(8, 1, -1)) + 9 * second) % 23] == n[7]


def _italy(n: str) -> bool:
    office = int(n[7:10])
    known = 1 <= office <= 100 or office in {120, 121, 888, 999}
    return known and int(n[:7]) > 0 and luhn(n)


def _lithuania(n: str) -> bool:
    places = range(len(n) - 1)
    check = weighted(n[:-1], [1 + place % 9 for place in places]) % 11
    if check == 10:
        check = weighted(n[:-1], [1 + (place + 2) % 9 for place in places]) % 11 % 10
    return n[-2] == "1" and check == int(n[-1])


def _latvia(n: str) -> bool:
    if n[0] > "3":
        return weighted(n, (9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1)) % 11 == 3
    check = 1 + weighted(n[:10], (10, 5, 8, 4, 2, 1, 6, 3, 7, 9))
    return check % 11 % 10 == int(n[10])


def _netherlands(n: str) -> bool:
    full = n.zfill(12)
    return mod_11(full[:9], (9, 8, 7, 6, 5, 4, 3, 2, -1)) or mod_97("NL" + full)


def _norway(n: str) -> bool:
    return (11 - weighted(n[:8], (3, 2, 7, 6, 5, 4, 3, 2))) % 11 == int(n[8])


def _portugal(n: str) -> bool:
    return (11 - weighted(n[:8], range(9, 1, -1)) % 11) % 11 % 10 == int(n[8])


def _romania(n: str) -> bool:
    digits = n.zfill(10)
    return weighted(digits[:9], (7, 5, 3, 2, 1, 7, 5, 3, 2)) * 10 % 11 % 10 == int(digits[9])


def _slovenia(n: str) -> bool:
    check = 11 - weighted(n[:7], range(8, 1, -1)) % 11
    return check != 11 and check % 10 == int(n[7])


Rule: TypeAlias = tuple[str, Callable[[str], bool]]

_GREEK: Rule = (r"(\d{8,9})", _greece)
_BRITISH: Rule = (r"(\d{9}|\d{12}|(?:GD|HA)\d{3})", _britain)

COUNTRIES: MappingProxyType[str, Rule] = MappingProxyType(
    {
        "AT": (r"U(\d{8})", _austria),
        "BE": (r"(\d{9}|[01]\d{9})", _belgium),
        "BG": (r"(\d{9,10})", _bulgaria),
        "CH": (r"E(\d{9})(?:MWST|TVA|IVA|TPV)?", _switzerland),
        "CY": (r"((?!12)\d{8}[A-Z])", _cyprus),
        "CZ": (r"([0-8]\d{7}|\d{9,10})", _czechia),
        "DE": (r"([1-9]\d{8})", mod_11_10),
        "DK": (r"([1-9]\d{7})", lambda n: mod_11(n, (2, 7, 6, 5, 4, 3, 2, 1))),
        "EE": (r"(\d{9})", lambda n: weighted(n, (3, 7, 1) * 3) % 10 == 0),
        "EL": _GREEK,
        "ES": (r"(\d{8}[A-Z]|[KLMXYZ]\d{7}[A-Z]|[A-HJNP-SUVW]\d{7}[0-9A-J])", _spain),
        "FI": (r"(\d{8})", lambda n: mod_11(n, (7, 9, 10, 5, 8, 4, 2, 1))),
        "FR": (r"([0-9A-HJ-NP-Z]{2}\d{9})", _france),
        "GB": _BRITISH,
        "GR": _GREEK,
        "HR": (r"(\d{11})", mod_11_10),
        "HU": (r"(\d{8})", lambda n: weighted(n, (9, 7, 3, 1) * 2) % 10 == 0),
        "IE": (r"(\d{7}[A-W][A-IW]?|\d[A-Z+*]\d{5}[A-W])", _ireland),
        "IT": (r"(\d{11})", _italy),
        "LT": (r"(\d{9}|\d{12})", _lithuania),
        "LU": (r"(\d{8})", lambda n: int(n[:6]) % 89 == int(n[6:])),
        "LV": (r"(\d{11})", _latvia),
        "MT": (r"([1-9]\d{7})", lambda n: weighted(n, (3, 4, 6, 7, 8, 9, 10, 1)) % 37 == 0),
        "NL": (r"(\d{7,9}B(?!00)\d{2})", _netherlands),
        "NO": (r"(\d{9})(?:MVA)?", _norway),
        "PL": (r"(\d{10})", lambda n: mod_11(n, (6, 5, 7, 2, 3, 4, 5, 6, 7, -1))),
        "PT": (r"([1-9]\d{8})", _portugal),
        "RO": (r"([1-9]\d{1,9})", _romania),
        "SE": (r"(\d{10})(?:0[1-9]|[1-8]\d|9[0-4])", luhn),
        "SI": (r"([1-9]\d{7})", _slovenia),
        "SK": (r"(\d{10})", lambda n: int(n) % 11 == 0),
        "XI": _BRITISH,
    }
)
"""The form of a number behind the prefix, whose first group is checked, and the check.

The member states of the European Union, Great Britain, Northern Ireland (XI), Switzerland, Norway.
Greece writes EL; GR, its code of ISO 3166-1, is understood as well.
"""
