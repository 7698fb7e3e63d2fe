"""``python -m workers_cli`` is the command `workers`."""

from .app import main

if __name__ == "__main__":
    main()
