"""`python -m pdf_render`: run the worker."""

from workers_runtime.run import run

from .app import build

run(build)
