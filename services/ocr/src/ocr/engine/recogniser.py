"""Recognition through paddleocr's pipeline, on ONNX Runtime, with explicit models only.

Nothing here may name a model without its folder: the library would look for it in the network.
"""

from pathlib import Path
from typing import Any

from .config import prepare
from .problems import Problem
from .values import Line, Models, Polygon, Word

DETECTOR = "PP-OCRv6_small_det"
RECOGNISER = "PP-OCRv6_small_rec"
_loaded: dict[tuple[Models, str], Any] = {}


def load(models: Models, charset: str) -> Any:
    """Return the pipeline of this process; made at its first use, in 0.3 s.

    Raises:
        Problem: `models_unavailable`: they are damaged; no document is to blame.
    """
    key = (models, charset)
    if key not in _loaded:
        try:
            _loaded[key] = _pipeline(models, charset)
        except (ImportError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - the library has a kind for each damage
            text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise Problem(
                "models_unavailable", f"the models in {models.folder} do not load: {text}"
            ) from None
    return _loaded[key]


def _pipeline(models: Models, charset: str) -> Any:
    prepare()
    import cv2  # noqa: PLC0415 - in a process, and half a gigabyte
    import paddlex.inference.pipelines.ocr.pipeline as library  # noqa: PLC0415
    from paddleocr import PaddleOCR  # noqa: PLC0415

    from .words import regions  # noqa: PLC0415

    cv2.setNumThreads(1)
    library.cal_ocr_word_box = regions
    folder = Path(models.folder)
    det, rec = folder / "det", folder / charset
    return PaddleOCR(
        text_detection_model_name=_name(det, DETECTOR),
        text_detection_model_dir=str(det),
        text_recognition_model_name=_name(rec, RECOGNISER),
        text_recognition_model_dir=str(rec),
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        device="gpu" if models.gpu else "cpu",
        engine="onnxruntime",
        engine_config={"intra_op_num_threads": 1},
        text_det_limit_side_len=models.side,
        text_det_limit_type="max",
        text_det_thresh=0.2,
        text_det_box_thresh=0.45,
        text_det_unclip_ratio=1.6,
        text_recognition_batch_size=1,
        text_rec_score_thresh=0.0,
        return_word_box=True,
    )


def _name(folder: Path, usual: str) -> str:
    """Return the model's name as its folder tells it; other models may be mounted."""
    import yaml  # noqa: PLC0415

    settings = yaml.safe_load((folder / "inference.yml").read_text("utf-8"))
    return str(settings.get("Global", {}).get("model_name", usual))


def lines(pixels: Any, models: Models, charset: str) -> tuple[Line, ...]:
    """Return what stands in an image, in no order.

    Args:
        pixels: height x width x 3, blue-green-red, 8 bits each.
    """
    (found,) = load(models, charset).predict(pixels)
    rows = zip(
        found["rec_texts"],
        found["rec_scores"],
        found["rec_polys"],
        found["text_word"],
        found["text_word_region"],
        strict=True,
    )
    return tuple(
        Line(
            str(text),
            min(1.0, float(score)),
            _polygon(corners),
            tuple(
                Word(str(word), _polygon(place)) for word, place in zip(names, places, strict=True)
            ),
        )
        for text, score, corners, names, places in rows
        if str(text).strip()
    )


def _polygon(corners: Any) -> Polygon:
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d
