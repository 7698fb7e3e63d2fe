"""`python -m ocr`: run the worker."""

if __name__ == "__main__":
    from workers_runtime.run import run

    from .app import build

    run(build)
