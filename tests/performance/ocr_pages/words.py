"""What stands in the documents: names that nobody has, words full of ă â î ș ț."""

from random import Random

FIRMS = (
    "Brutăria Țărănească SRL", "Grădina Știrbei SA", "Construcții Înalte SRL",
    "Vânători și Fiii SRL",
    "Cârciuma Veche SRL", "Șantierul Târgoviște SA", "Atelierul Mâță SRL", "Științe Aplicate SRL",
    "Țesătoria Argeș SA", "Plăcintăria Bâlcești SRL", "Împrejmuiri Râul SRL", "Mobilă Șura SRL",
)  # fmt: skip
STREETS = (
    "Șoseaua Țării", "Strada Înfrățirii", "Bulevardul Ștefan cel Mare", "Aleea Căprioarelor",
    "Strada Mânăstirii", "Calea Moților", "Strada Fântânii", "Piața Țițeica",
)  # fmt: skip
TOWNS = (
    "București", "Iași", "Timișoara", "Brașov", "Pitești", "Târgu Mureș", "Bacău", "Galați",
    "Constanța", "Câmpulung", "Râmnicu Vâlcea", "Ploiești",
)  # fmt: skip
GOODS = (
    "Făină albă tip 650", "Țiglă ceramică roșie", "Șuruburi oțel inox M8",
    "Cărămidă plină presată",
    "Servicii de întreținere", "Vopsea lavabilă interior", "Mănuși de protecție",
    "Țeavă PVC 110 mm",
    "Închiriere schelă metalică", "Pâine integrală feliată", "Brânză de vaci proaspătă",
    "Întocmire documentație tehnică", "Hârtie copiator A4", "Pălării și șepci", "Lampă birou LED",
    "Consultanță fiscală lunară", "Rulmenți și curele", "Apă minerală 2 l", "Ștampilă automată",
)  # fmt: skip
NOTES = (
    "Factura circulă fără semnătură și ștampilă, conform legii.",
    "Vă mulțumim pentru încredere și vă așteptăm.",
    "Întârzierea la plată atrage dobânzi și penalități.",
    "Mărfurile rămân în proprietatea vânzătorului până la achitare.",
)
UNITS = ("buc", "kg", "m", "ore", "set", "cutie")
CODES = ("12345674", "87654329", "123456789")
"""Fiscal codes with a right check digit that are free to use."""


def amount(cents: int) -> str:
    """Return an amount as written in Romania: 1.234,56."""
    whole, part = divmod(cents, 100)
    return f"{whole:,}".replace(",", ".") + f",{part:02d}"


def iban(random: Random) -> str:
    """Return an account with right check digits."""
    bank = random.choice(("BTRL", "RNCB", "INGB", "BRDE"))
    account = "".join(random.choice("0123456789") for _ in range(16))
    number = "".join(str(int(one, 36)) for one in f"{bank}{account}RO00")
    return f"RO{98 - int(number) % 97:02d}{bank}{account}"


def spaced(account: str) -> str:
    """Return an account in groups of four."""
    return " ".join(account[i : i + 4] for i in range(0, len(account), 4))


def address(random: Random) -> str:
    """Return a street, number and town."""
    return f"{random.choice(STREETS)} nr. {random.randint(1, 240)}, {random.choice(TOWNS)}"
