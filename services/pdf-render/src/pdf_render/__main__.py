"""`python -m pdf_render`: run the worker."""

from workers_runtime.run import run

from .app import build

# Not when a process that puts files together reads this module once more.
if __name__ == "__main__":
    run(build)
