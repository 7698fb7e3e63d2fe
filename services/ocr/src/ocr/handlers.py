"""Everything this worker can do: read a document, and go on with a long one."""

from typing import Annotated

from faststream import Context

from workers_contracts.ocr import (
    ContinueExtraction,
    ExtractionProgressed,
    ExtractText,
    TextExtracted,
)
from workers_runtime.identity import Task
from workers_runtime.router import Outcome, Router

from .extraction import Extraction

router = Router("ocr")


@router.handles(ExtractText, emits=[TextExtracted, ExtractionProgressed])
async def extract_text(
    command: ExtractText,
    task: Annotated[Task, Context("task")],
    extraction: Annotated[Extraction, Context("extraction")],
) -> Outcome:
    """Read a document, or the first pages of a long one."""
    return await extraction.begin(command, task)


@router.handles(ContinueExtraction, emits=[TextExtracted, ExtractionProgressed])
async def continue_extraction(
    command: ContinueExtraction,
    task: Annotated[Task, Context("task")],
    extraction: Annotated[Extraction, Context("extraction")],
) -> Outcome:
    """Read the next pages of a long document; the worker's own follow-up."""
    return await extraction.carry_on(command, task)
