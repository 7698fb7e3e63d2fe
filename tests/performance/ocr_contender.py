"""One way to read pages, in a process of its own: `bench_ocr.py` starts it and reads its answer."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
_asked: list[str] = []


def main() -> int:
    """Load, say so, wait for the word, read every page, tell what it cost."""
    name, folder, stock, *files = sys.argv[1:]
    sys.addaudithook(lambda event, _: _asked.append(event) if event in NETWORK else None)
    read = {"worker": worker, "stock": stock_settings, "tesseract": tesseract}[name](folder, stock)
    print("ready", flush=True)
    sys.stdin.readline()
    begun, used = time.monotonic(), _cpu()
    texts = {file: read(file) for file in files}
    print(
        json.dumps({
            "texts": texts,
            "wall": time.monotonic() - begun,
            "cpu": _cpu() - used,
            "rss_mb": _peak(),
            "network": _asked,
        })
    )  # fmt: skip
    return 0


def worker(folder: str, _stock: str) -> Callable[[str], str]:
    """The worker's own engine, as its processes run it."""
    import ocr.engine.preload  # noqa: F401, PLC0415
    from ocr.engine import pages, recogniser  # noqa: PLC0415
    from ocr.engine.values import Limits, Models, Options  # noqa: PLC0415

    models = Models(folder)
    recogniser.load(models, "rec_ro")

    def read(file: str) -> str:
        return pages.recognise(file, "image/png", 1, Options(), Limits(), models)

    return read


def stock_settings(folder: str, stock: str) -> Callable[[str], str]:
    """paddleocr's own settings with the same models, on the same runtime and one thread."""
    from ocr.engine.config import prepare  # noqa: PLC0415

    prepare()
    import cv2  # noqa: PLC0415
    from paddleocr import PaddleOCR  # noqa: PLC0415

    from ocr.engine.pages import _told  # noqa: PLC0415
    from ocr.engine.recogniser import DETECTOR, RECOGNISER  # noqa: PLC0415
    from ocr.engine.values import Line, Options, Page  # noqa: PLC0415

    cv2.setNumThreads(1)
    pipeline = PaddleOCR(
        text_detection_model_name=DETECTOR,
        text_detection_model_dir=str(Path(folder) / "det"),
        text_recognition_model_name=RECOGNISER,
        text_recognition_model_dir=stock,
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
        device="cpu",
        engine_config={"intra_op_num_threads": 1},
    )

    def read(file: str) -> str:
        pixels: Any = cv2.imread(file)
        (found,) = pipeline.predict(pixels)
        rows = zip(found["rec_texts"], found["rec_scores"], found["rec_polys"], strict=True)
        lines = tuple(
            Line(str(text), min(1.0, float(score)), tuple((float(x), float(y)) for x, y in poly))
            for text, score, poly in rows
        )
        height, width = pixels.shape[:2]
        # The same order of rows, so that only the reading is compared; nothing is corrected.
        page = Page(width, height, "px", "ocr", lines)
        return _told(1, page, Options(min_confidence=0.0, romanian=False))

    return read


def tesseract(_folder: str, _stock: str) -> Callable[[str], str]:
    """Debian's tesseract with its Romanian model."""
    import subprocess  # noqa: PLC0415

    def read(file: str) -> str:
        command = ["tesseract", file, "-", "-l", "ron", "--psm", "3"]
        environment = {"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return json.dumps({"text": done.stdout, "number": 1})

    return read


def _cpu() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _peak() -> float:
    """Return the most memory that this program, or one that it started, has had, in MB."""
    # Not `ru_maxrss` of its own: after a fork it begins with what the parent has.
    status = Path("/proc/self/status").read_text("ascii")
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


if __name__ == "__main__":
    sys.exit(main())
