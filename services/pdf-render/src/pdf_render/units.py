"""Names of the commonest units of measure (UN/ECE Recommendation 20); others keep their code."""

_BOTH = {
    "H87": ("buc", "pcs"), "C62": ("buc", "pcs"), "EA": ("buc", "pcs"), "XPP": ("buc", "pcs"),
    "HUR": ("ore", "hours"), "DAY": ("zile", "days"), "MON": ("luni", "months"),
    "ANN": ("ani", "years"), "WEE": ("săpt.", "weeks"), "MIN": ("min", "min"),
    "KGM": ("kg", "kg"), "GRM": ("g", "g"), "TNE": ("t", "t"), "LTR": ("l", "l"),
    "MTR": ("m", "m"), "KMT": ("km", "km"), "MTK": ("m²", "m²"), "MTQ": ("m³", "m³"),
    "KWH": ("kWh", "kWh"), "MWH": ("MWh", "MWh"), "SET": ("set", "set"), "PR": ("per.", "pairs"),
    "XBX": ("cutii", "boxes"), "XPK": ("pachete", "packs"), "XPX": ("paleți", "pallets"),
    "E48": ("serv.", "service"), "P1": ("%", "%"), "ZZ": ("", ""),
}  # fmt: skip
UNITS = {
    "ro": {code: pair[0] for code, pair in _BOTH.items()},
    "en": {code: pair[1] for code, pair in _BOTH.items()},
}
