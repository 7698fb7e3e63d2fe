"""What scanners, telephones and fax machines do to a page."""

import io
from typing import Any

import cv2
import numpy as np
from PIL import Image

MODES = ("clean", "scan", "photo", "fax")


def worn(pixels: Any, mode: str, seed: int) -> Any:
    """Return a page (blue-green-red) as it arrives; the same seed gives the same page."""
    random = np.random.default_rng(seed)
    match mode:
        case "scan":
            return _scan(pixels, random)
        case "photo":
            return _photo(pixels, random)
        case "fax":
            return _fax(pixels, random)
        case _:
            return pixels


def _turned(pixels: Any, degrees: float) -> Any:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(pixels, matrix, (width, height), borderValue=(255, 255, 255))


def _scan(pixels: Any, random: np.random.Generator) -> Any:
    turned = cv2.GaussianBlur(_turned(pixels, random.uniform(-1.2, 1.2)), (3, 3), 0.7)
    noise = random.normal(0, 7, turned.shape)
    return _jpeg(np.clip(turned * 0.94 + 8 + noise, 0, 255).astype(np.uint8), 72)


def _photo(pixels: Any, random: np.random.Generator) -> Any:
    height, width = pixels.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    bent = corners + random.uniform(-0.025, 0.025, (4, 2)).astype(np.float32) * [width, height]
    matrix = cv2.getPerspectiveTransform(corners, bent.astype(np.float32))
    warped = cv2.warpPerspective(pixels, matrix, (width, height), borderValue=(90, 95, 100))
    across = np.linspace(random.uniform(0.6, 0.8), 1.0, width)[None, :, None]
    down = np.linspace(1.0, random.uniform(0.8, 0.95), height)[:, None, None]
    noise = random.normal(0, 5, warped.shape)
    return _jpeg(np.clip(warped * across * down + noise, 0, 255).astype(np.uint8), 80)


def _fax(pixels: Any, random: np.random.Generator) -> Any:
    grey = cv2.cvtColor(_turned(pixels, random.uniform(-0.6, 0.6)), cv2.COLOR_BGR2GRAY)
    noisy = grey + random.normal(0, 28, grey.shape)
    black = np.where(noisy > 150, 255, 0).astype(np.uint8)
    spots = random.random(grey.shape) < 0.001
    black[spots] = 0
    return cv2.cvtColor(black, cv2.COLOR_GRAY2BGR)


def _jpeg(pixels: Any, quality: int) -> Any:
    _, content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(content, cv2.IMREAD_COLOR)


def png(pixels: Any) -> bytes:
    """Return a page as a file."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1])).save(buffer, "PNG")
    return buffer.getvalue()
