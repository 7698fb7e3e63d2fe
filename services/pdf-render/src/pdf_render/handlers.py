"""Everything this worker can do: render a document."""

from typing import Annotated

from faststream import Context

from workers_contracts.pdf import PdfRendered, RenderPdf
from workers_runtime.router import Router

from .rendering import Rendering

router = Router("pdf-render")


@router.handles(RenderPdf, emits=[PdfRendered])
async def render_pdf(
    command: RenderPdf, rendering: Annotated[Rendering, Context("rendering")]
) -> PdfRendered:
    """Render, finish and store the PDF. Doing it twice harms nobody: nothing is sent out."""
    return await rendering.render(command)
