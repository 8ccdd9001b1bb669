"""Check digits, as published for card numbers and tax ids: each tells a typing error from a number.

Every function takes the digits as text, and raises ``ValueError`` on what is no digit.
"""

from collections.abc import Sequence


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of the digits, each times its weight."""
    return sum(weight * int(digit) for digit, weight in zip(digits, weights, strict=True))


def luhn(digits: str) -> bool:
    """Whether the digits end in their check digit after ISO/IEC 7812-1, as card numbers do."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[::-2])) % 10 == 0


def mod_11_10(digits: str) -> bool:
    """Whether the digits end in their check digit after ISO/IEC 7064, MOD 11,10."""
    check = 5
    for digit in digits:
        check = ((check or 10) * 2 % 11 + int(digit)) % 10
    return check == 1


def mod_97(text: str) -> bool:
    """Whether the digits and capital letters, A counting 10, are 1 modulo 97 (ISO/IEC 7064)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97 == 1


def mod_11(digits: str, weights: Sequence[int]) -> bool:
    """Whether the weighted sum of all digits, the check digit too, is a multiple of 11."""
    return weighted(digits, weights) % 11 == 0
