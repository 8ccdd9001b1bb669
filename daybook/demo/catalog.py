"""The cast of the demonstration: a dealer in stoves and kitchen appliances, and whom it bills.

All of them are invented. VAT ids have valid check digits; the mail domains are reserved ones.
"""

from decimal import Decimal
from typing import NamedTuple

from domain.facts.settings import BookSettings

_CUSTOMER_FIELDS = "id name email vatId street postalCode city country currency paymentDays".split()

# One customer a line, in the order of the fields above; '-' stands for nothing.
_CUSTOMERS = """
1|Hotel Adler am See GmbH|einkauf@hotel-adler.example|DE994580730|Seestraße 14|88131|Lindau|DE|EUR|30
2|Familie Brandt|k.brandt@post.example|-|Lerchenweg 3|79104|Freiburg im Breisgau|DE|EUR|14
3|Bäckerei Huber & Söhne KG|buero@baeckerei-huber.example|DE947527720|Marktplatz 2|83022|Rosenheim|DE|EUR|30
4|Wohnbau Nordlicht eG|rechnungen@nordlicht.example|DE940560865|Hafenstraße 88|24103|Kiel|DE|EUR|30
5|Dr. Miriam Okafor|okafor@praxis.example|-|Ahornallee 27|14050|Berlin|DE|EUR|14
6|Gasthof zum Goldenen Hirschen|wirt@hirschen.example|DE842792877|Dorfstraße 1|87561|Oberstdorf|DE|EUR|14
7|Kita Regenbogen e. V.|vorstand@kita-regenbogen.example|-|Schulgasse 9|04103|Leipzig|DE|EUR|30
8|Tischlerei Petersen|info@tischlerei-petersen.example|DE868275217|Werkring 5|25813|Husum|DE|EUR|10
9|Jonas Weidmann|jonas@weidmann.example|-|Am Hang 41|70569|Stuttgart|DE|EUR|0
10|Studentenwerk Mitte|beschaffung@stw-mitte.example|DE848885159|Campusring 7|37073|Göttingen|DE|EUR|30
11|Almhütten Tauern Betriebs GmbH|office@almhuetten.example|ATU95582823|Talstraße 60|5710|Kaprun|AT|EUR|30
12|Elisabeth Gruber|e.gruber@post.example|-|Rosengasse 8|6020|Innsbruck|AT|EUR|14
13|Café Central Betriebs KG|buchhaltung@cafe-central.example|ATU98306699|Ringstraße 12|1010|Wien|AT|EUR|14
14|De Gouden Ketel B.V.|administratie@goudenketel.example|NL976220519B01|Prinsengracht 310|1016 HX|Amsterdam|NL|EUR|30
15|Pieter de Vries|p.devries@post.example|-|Kerkstraat 22|3511 KA|Utrecht|NL|EUR|14
16|Les Cheminées du Rhin SARL|compta@cheminees-rhin.example|FR55917612319|18 rue des Tanneurs|67000|Strasbourg|FR|EUR|30
17|Camille Moreau|camille@moreau.example|-|5 allée des Tilleuls|68000|Colmar|FR|EUR|14
18|Brasserie Au Vieux Four SPRL|facture@vieuxfour.example|BE0999941326|Rue Haute 77|4000|Liège|BE|EUR|30
19|Trattoria da Beppe S.r.l.|ufficio@dabeppe.example|IT95399870153|Via Roma 15|39100|Bolzano|IT|EUR|30
20|Restauracja Pod Piecem Sp. z o.o.|biuro@podpiecem.example|PL9905465927|ul. Piwna 4|50-353|Wrocław|PL|EUR|30
21|Havkøkkenet ApS|faktura@havkokkenet.example|DK94054702|Strandvejen 200|6400|Sønderborg|DK|EUR|30
22|Maison Thill S.à r.l.|compta@thill.example|LU97621967|12, rue du Fossé|1536|Luxembourg|LU|EUR|30
23|Berghaus Säntis AG|kreditoren@berghaus.example|-|Bahnhofstrasse 33|9050|Appenzell|CH|CHF|30
24|Ursina Caflisch|u.caflisch@post.example|-|Via Maistra 6|7500|St. Moritz|CH|CHF|14
25|Fjordstova AS|regnskap@fjordstova.example|-|Strandgata 19|5004|Bergen|NO|EUR|30
26|The Copper Kettle Inn Ltd|accounts@copperkettle.example|-|4 Mill Lane|YO1 7HH|York|GB|GBP|30
"""  # noqa: E501 - one customer, one line


SELLER = BookSettings(
    seller_name="Kaminhaus Bodensee GmbH",
    seller_street="Uferweg 2",
    seller_postal_code="88131",
    seller_city="Lindau",
    seller_country="DE",
    seller_vat_id="DE951203441",
    time_zone="Europe/Berlin",
)


class Product(NamedTuple):
    """What the dealer sells. ``price`` is in EUR without tax, ``tax_rate`` that of Germany."""

    code: str
    description: str
    price: Decimal
    uom: str = "C62"
    tax_rate: str = "19"


def _customers() -> tuple[dict[str, object], ...]:
    rows = (line.split("|") for line in _CUSTOMERS.strip().splitlines())
    found = []
    for row in rows:
        values: dict[str, object] = {
            name: text for name, text in zip(_CUSTOMER_FIELDS, row, strict=True) if text != "-"
        }
        values["paymentDays"] = int(row[-1])
        found.append(values)
    return tuple(found)


def _products(table: str, uom: str = "C62", tax_rate: str = "19") -> tuple[Product, ...]:
    rows = (line.split("|") for line in table.strip().splitlines())
    return tuple(
        Product(code, description, Decimal(price), uom, tax_rate)
        for code, description, price in rows
    )


CUSTOMERS = _customers()

STOVES = _products("""
ST-4410|Wood stove Norrland 5 kW, cast iron, black|1299.00
ST-4425|Wood stove Norrland 8 kW, soapstone|2180.00
ST-5100|Pellet stove Aurora 6 kW with hopper|2749.00
ST-5120|Pellet stove Aurora 10 kW, water jacket|3890.00
ST-6030|Tiled stove insert Kachel 7 kW|3120.50
ST-7001|Outdoor oven Piazza, 60 cm|1649.00
""")

KITCHEN = _products("""
RG-9060|Gas range 60 cm, 4 burners, stainless steel|849.00
RG-9090|Gas range 90 cm, 5 burners, electric oven|1895.00
RG-9110|Induction range 110 cm, 2 ovens|4290.00
RF-3200|Refrigerator 320 l, white|629.00
RF-3650|Fridge-freezer 365 l, no frost|1049.00
RF-7000|Commercial refrigerator 700 l, glass door|2365.00
DW-1400|Dishwasher, 14 place settings|779.00
HD-0900|Cooker hood 90 cm, 720 m³/h|545.00
WO-0250|Wall oven 76 l, pyrolytic|1129.00
""")

PARTS = _products("""
SP-1001|Door glass for ST-44xx, 380 x 310 mm|86.40
SP-1002|Door gasket, glass fibre rope 10 mm, 3 m|18.95
SP-1010|Firebrick set, 6 pieces|74.50
SP-1015|Grate, cast iron|42.80
SP-2003|Igniter for pellet stoves|58.90
SP-2007|Auger motor 2 rpm|129.00
SP-3001|Oven thermostat 50-300 °C|67.25
SP-3008|Burner cap, large|23.10
SP-4002|Refrigerator door seal 320 l|49.90
SP-4011|Compressor start relay|31.75
SP-4020|Condenser fan 230 V|44.60
SP-5001|Drain pump for DW-1400|52.35
""")

FLUE = _products("""
FL-1500|Flue pipe 150 mm, 1.0 m, black|46.90
FL-1545|Flue bend 150 mm, 45°|39.50
FL-1590|Wall sleeve 150 mm|17.80
""")

FUEL = _products(
    """
FU-0033|Beech firewood, split 33 cm, cubic metre|139.00
FU-0010|Hardwood briquettes, 10 kg|4.65
FU-0015|Wood pellets ENplus A1, 15 kg bag|5.49
FU-0001|Kindling, 5 kg bag|3.95
""",
    tax_rate="7",
)

LABOR = _products(
    """
LB-INST|Installation by two fitters, hour|124.00
LB-REPR|Repair by a technician, hour|78.00
LB-CONN|Gas connection by a certified fitter, hour|92.00
""",
    uom="HUR",
)

DELIVERY = _products("""
DL-0001|Delivery to the kerb|59.00
DL-0002|Delivery and carrying in, up to the 2nd floor|119.00
DL-0003|Parcel|7.90
DL-0004|Removal and recycling of the old appliance|45.00
""")

CALL_OUT = Product("LB-CALL", "Call-out within 30 km", Decimal("48.00"))

RATES = {"EUR": Decimal(1), "CHF": Decimal("0.94"), "GBP": Decimal("0.86")}
"""What one EUR of a list price is in the currency of the invoice."""

INSIDE_UNION = frozenset("AT BE DK FR IT LU NL PL".split())

VOID_REASONS = (
    "Billed to the wrong branch; a corrected invoice follows",
    "Order was cancelled before delivery",
    "Entered twice: the earlier invoice stands",
    "Wrong customer: the sister company ordered",
)

LATER_NOTES = (
    "Customer asked for a copy by post.",
    "Reminder agreed by telephone; pays by instalments.",
    "Serial numbers were sent with the delivery note.",
    "Contact for questions is the site manager.",
)
