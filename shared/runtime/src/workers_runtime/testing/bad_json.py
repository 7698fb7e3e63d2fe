"""Bodies that are no JSON object: cut, mis-encoded, nested without end, or of another language."""

import base64
import json
from urllib.parse import urlencode

from workers_contracts.topology import MAX_MESSAGE_BYTES

CUTS = 40
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00"
_ZLIB = b"x\x9c\xab\xae\x05\x00\x01u\x00\xf9"
"""The two braces of an empty object, compressed: only a gate may import what does that."""

_INVALID_UTF8 = {
    "a lone continuation": b"\x80", "a start without its end": b"\xc3",
    "an overlong slash": b"\xc0\xaf",
    "a surrogate": b"\xed\xa0\x80", "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80", "five bytes": b"\xf8\x88\x80\x80\x80", "0xff": b"\xff",
    "0xfe": b"\xfe", "latin-1": "ș".encode("iso-8859-16"), "cp1250": "ă".encode("cp1250"),
}  # fmt: skip
_NO_VALUES = {
    "NaN in capitals": "NAN", "True of Python": "True", "None of Python": "None",
    "undefined": "undefined", "nil": "nil", "a leading zero": "012", "a plus sign": "+1",
    "no digit before the point": ".5", "no digit after the point": "1.", "an empty exponent": "1e",
    "hexadecimal": "0x10", "an underscore": "1_000", "two points": "1.2.3", "a lone minus": "-",
    "single quotes": "'x'", "no quotes": "RO", "backticks": "`x`", "an open text": '"x',
    "a wrong escape": r'"\x41"', "half an escape": r'"\u12"', "a lone high surrogate": r'"\ud800"',
    "a lone low surrogate": r'"\udc00"', "surrogates the wrong way round": r'"\udc00\ud800"',
    "a backslash at the end": '"\\', "a function": "f()", "a regular expression": "/x/",
    "a number of 5000 digits": "9" * 5000, "no value": "", "two values": "1 2", "a colon": ":",
}  # fmt: skip


def bad_json(valid: str) -> dict[str, bytes]:
    """Return bodies by the name of their fault, made from the text of a valid one."""
    raw = valid.encode()
    named = _whole(valid, raw) | _encoded(valid, raw) | _nested() | _sized(raw)
    for n in range(CUTS):
        named[f"cut after {n} of {CUTS} parts"] = raw[: len(raw) * n // CUTS]
    for name, wrong in _INVALID_UTF8.items():
        named[f"invalid UTF-8 in a value: {name}"] = b'{"x": "' + wrong + b'"}'
        named[f"invalid UTF-8 in a name: {name}"] = b'{"' + wrong + b'": 1}'
    for code in range(32):
        named[f"control character {code} in a text"] = f'{{"x": "a{chr(code)}b"}}'.encode()
    for name, value in _NO_VALUES.items():
        named[f"a value that is none: {name}"] = f'{{"x": {value}}}'.encode()
    return named


def _whole(valid: str, raw: bytes) -> dict[str, bytes]:
    values = json.loads(valid)
    pairs = ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items())
    return {
        "one blank": b" ", "line ends": b"\r\n\r\n", "a brace": b"{", "a closing brace": b"}",
        "null": b"null", "true": b"true", "a number": b"1", "a text": b'"x"', "a list": b"[]",
        "NaN": b"NaN", "Infinity": b"Infinity", "minus Infinity": b"-Infinity", "1e999": b"1e999",
        "the command in a list": b"[" + raw + b"]",
        "the command as a text": json.dumps(valid).encode(),
        "the command twice": raw + raw, "one command a line": raw + b"\n" + raw,
        "text after the end": raw + b" x", "a comma after the end": raw + b",",
        "a comma before the end": raw[:-1] + b",}", "a comma at the beginning": b"{," + raw[1:],
        "a NUL at the end": raw + b"\x00", "a NUL at the beginning": b"\x00" + raw,
        "a line comment": b"// x\n" + raw, "a block comment": b"/* x */" + raw,
        "names without quotes": f"{{{pairs}}}".encode(), "Python's own form": repr(values).encode(),
        "YAML": pairs.replace(", ", "\n").encode(), "XML": b"<command><x>1</x></command>",
        "a form": urlencode(values).encode(), "CSV": b"x;y\n1;2\n", "HTML": b"<!doctype html><p>x",
        "JSONP": b"callback(" + raw + b")", "a guard of JSON": b")]}',\n" + raw,
        "equals signs for colons": raw.replace(b":", b"=", 1),
        "brackets that do not match": raw[:-1] + b"]", "a word": b"hello",
        "a template": b"{{ body }}",
    }  # fmt: skip


def _encoded(valid: str, raw: bytes) -> dict[str, bytes]:
    codecs = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7")
    encoded = {codec: f'{{"x": "ș"}}{valid}'.encode(codec) for codec in codecs}
    marked = {"UTF-8": b"\xef\xbb\xbf", "UTF-16 LE": b"\xff\xfe", "UTF-16 BE": b"\xfe\xff"}
    return {
        **{f"in {codec}": body for codec, body in encoded.items()},
        **{f"a byte order mark of {name}": mark + raw for name, mark in marked.items()},
        "in EBCDIC": '{"x": 1}'.encode("cp500"), "in base64": base64.b64encode(raw),
        "in hexadecimal": raw.hex().encode(), "compressed": _GZIP,
        "deflated": _ZLIB, "random bytes": bytes(range(256)),
    }  # fmt: skip


def _nested() -> dict[str, bytes]:
    depths = (300, 2000, 100_000)
    lists = {f"{depth} lists in one another": b"[" * depth + b"]" * depth for depth in depths}
    opened = {f"{depth} lists without an end": b"[" * depth for depth in depths}
    objects = {f"{n} objects": b'{"x":' * n + b"1" + b"}" * n for n in (300, 2000, 30_000)}
    return lists | opened | {f"{name} in one another": body for name, body in objects.items()}


def _sized(raw: bytes) -> dict[str, bytes]:
    room = MAX_MESSAGE_BYTES - len(raw)
    return {
        "one blank over the limit": raw + b" " * (room + 1),
        "blanks in front, over the limit": b" " * (room + 1) + raw,
        "twice the limit": raw + b" " * (room + MAX_MESSAGE_BYTES),
        "a long list over the limit": b"[" + b"1," * (MAX_MESSAGE_BYTES // 2) + b"1]",
    }
