"""Imported once by the process that the recognising ones are forked from.

Sessions are made after the fork, by each process: their threads would not survive it.
"""

from .config import prepare

prepare()

import cv2  # noqa: E402 - after the settings that it and the others read
import onnxruntime  # noqa: E402
import paddleocr  # noqa: E402
import paddlex.inference.pipelines.ocr.pipeline  # noqa: E402

cv2.setNumThreads(1)
onnxruntime.disable_telemetry_events()
LOADED = (cv2, onnxruntime, paddleocr, paddlex)
