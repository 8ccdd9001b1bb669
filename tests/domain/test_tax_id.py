import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.checksums import luhn
from domain.tax_id import COUNTRIES, compact, standing

PUBLISHED = """
ATU13585627 BE0403019261 BE0428759497 BG175074752 BG7523169263 CHE107787577MWST CY10259033P
CZ25123891 CZ7103192745 CZ640903926 CZ395601439 DE136695976 DK13585628 EE100931558 EE100594102
EL094259216 ESB58378431 ESB64717838 ES54362315K ESX5253868R ESM1234567L FI20774740
FR40303265045 FR23334175221 FRK7399859412 FR4Z123456782 GB980780684 GBGD499 GBHA500 HR33392005961
HU12892312 IE6433435F IE6433435OA IE8D79739I IT00743110157 LT119511515 LT100001919017
LT100004801610 LU15027442 LV40003521600 LV16117519997 MT11679112 NL004495445B01 NL002455799B11
NO995525828MVA PL8567346215 PT501964843 RO18547290 SE123456789701 SI50223054 SK2022749619
XI980780684
""".split()

MISTYPED = """
ATU13585626 BE0431150351 BG175074751 CHE107787578IVA CY10259033Z CY12345678A CZ25123890 CZ999999999
DE136695978 DE036695978 DK13585627 EE100594103 EL123456781 ESB64717839 FI20774741 FR84323140391
FRIO334175221 GB802311781 GBGD500 GBHA499 HR33392005962 HU12892313 IE6433435E IE8?79739J
IT00743110158 LT100001919018 LU15027443 LV40003521601 MT11679113 NL123456789B90 NL004495445B00
NO995525829MVA PL8567346216 PT501964842 RO18547291 SE123456789101 SE123456789700 SI50223055
SK2022749618 XI980780685
""".split()


@pytest.mark.parametrize("vat_id", PUBLISHED)
def test_a_published_example_is_valid(vat_id: str) -> None:
    assert standing(vat_id) == "valid"


@pytest.mark.parametrize(
    ("vat_id", "standing_"),
    [
        *(("IT00000010017", "valid"), ("IT00000011007", "valid"), ("IT00000011205", "valid")),
        *(("IT00000010009", "invalid"), ("IT00000011015", "invalid"), ("IT00000011197", "invalid")),
        ("PT500000000", "valid"),
    ],
)
def test_a_number_at_the_edge_of_a_countrys_rule(vat_id: str, standing_: str) -> None:
    """Italian provinces are numbered 001 to 100; a check of ten is a zero in Portugal."""
    assert standing(vat_id) == standing_


@pytest.mark.parametrize("vat_id", MISTYPED)
def test_a_mistyped_example_is_invalid(vat_id: str) -> None:
    assert standing(vat_id) == "invalid"


@pytest.mark.parametrize(
    "vat_id", ["", "DE", "136695976", "D136695976", "ÄE136695976", "DE\u0661\u0662"]
)
def test_what_has_no_country_before_its_digits_is_invalid(vat_id: str) -> None:
    assert standing(vat_id) == "invalid"


def test_a_number_of_another_country_is_unverified() -> None:
    assert standing("AU51824753556") == "unverified"


def test_what_separates_the_digits_does_not_count() -> None:
    assert compact("CHE-107.787.577 iva") == "CHE107787577IVA"
    assert standing("de 136 695-976") == "valid"


def test_every_member_state_is_known() -> None:
    union = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
    assert {*union.split(), "GB", "XI", "CH", "NO"} <= COUNTRIES.keys()


@for_all(st.sampled_from(sorted(COUNTRIES)), st.text("0123456789ABUWX+*", max_size=13))
def test_any_text_has_a_standing(country: str, rest: str) -> None:
    assert standing(country + rest) in {"valid", "invalid"}


NO_CHECK_DIGIT = {"CZ395601439", "GBGD499", "GBHA500"}


@pytest.mark.parametrize("vat_id", [it for it in PUBLISHED if it not in NO_CHECK_DIGIT])
def test_one_wrong_digit_is_mostly_found(vat_id: str) -> None:
    places = [place for place, sign in enumerate(vat_id) if sign.isdigit()]
    wrong = [
        vat_id[:place] + digit + vat_id[place + 1 :]
        for place in places
        for digit in "0123456789"
        if digit != vat_id[place]
    ]
    assert sum(standing(it) == "invalid" for it in wrong) >= 0.7 * len(wrong)


def test_the_check_digit_of_a_card_number_finds_every_wrong_digit() -> None:
    number = "4111111111111111"
    assert luhn(number)
    for place in range(16):
        for digit in "0123456789":
            wrong = number[:place] + digit + number[place + 1 :]
            assert luhn(wrong) == (wrong == number)
