# Tasks of workers-core. `./justw` lists them; `./justw <recipe>` needs nothing installed.

set positional-arguments

# List the recipes
[private]
default:
    @just --list --unsorted

# Set up or refresh .venv (`justw` has just done it)
[group('develop')]
install:
    @echo "ready: $(python --version) in .venv"

# Keep servers, sandbox and all workers running here until Ctrl-C
[group('run')]
dev *args:
    @python -m workers_stack dev "$@"

# Start everything, file a few documents, show what happens, end
[group('run')]
demo *args:
    @python -m workers_stack demo "$@"

# Run one service against RMQ_URL and REDIS_URL: `run anaf_efactura`
[group('run')]
run module *args:
    @python -m "$@"

# Install RabbitMQ, Redis and Chromium where that is possible (tests start private ones)
[group('run')]
servers:
    @python -m workers_stack servers

# Format the code and sort the imports
[group('develop')]
fmt:
    ruff format .
    ruff check --fix-only --quiet .

# Style, import directions, locked requirements
[group('check')]
lint:
    ruff format --check .
    ruff check .
    python scripts/imports.py
    python scripts/lock.py --check

# Types, strict
[group('check')]
types:
    python scripts/typecheck.py

# The whole suite, three tests at a time because most of them wait; arguments go to pytest
[group('check')]
test *args:
    @-python -m workers_stack servers
    @python -m pytest --numprocesses=3 --dist=worksteal "$@"

# Kill the e-Factura worker 200 times while 2,000 invoices flow, twice; prints the figures (20 min)
[group('check')]
chaos *args:
    @-python -m workers_stack servers
    @EFACTURA_CHAOS=full python -m pytest -q tests/e2e/test_efactura_chaos.py "$@"

# Lose the answers of 500 uploads and kill the worker 20 times meanwhile; prints the figures (10 min)
[group('check')]
lost-answers *args:
    @-python -m workers_stack servers
    @EFACTURA_CHAOS=full python -m pytest -q tests/e2e/test_efactura_chaos.py -k lost_answer "$@"

# The broker frozen for 45 s under all workers: their answers leave within 3 s of the thaw (2 min, idle machine)
[group('check')]
frost *args:
    @-python -m workers_stack servers
    @THAWED_WITHIN=3 python -m pytest -q tests/conformance/test_servers.py -k frozen_for_45 "$@"

# Three workers at ANAF's limits, 1,000 calls a minute; prints the figures (10 min)
[group('check')]
limits *args:
    @-python -m workers_stack servers
    @EFACTURA_LIMITS=full python -m pytest -q tests/e2e/test_efactura_limits.py "$@"

# File 20,000 invoices of 20 tenants in a simulated year; prints the figures (half an hour on two processors)
[group('check')]
year *args:
    @-python -m workers_stack servers
    @mkdir -p .run/year-report
    @EFACTURA_YEAR=full YEAR_REPORT=.run/year-report python -m pytest -q --numprocesses=2 --basetemp=.run/year tests/simulation "$@"
    @cat .run/year-report/year-*.json

# File 10,000 invoices in one command, with it, the worker and the broker killed on the way; prints the figures
[group('check')]
bulk-proof *args:
    @-python -m workers_stack servers
    @EFACTURA_BULK=full python -m pytest -q tests/e2e/test_bulk.py "$@"

# Receive 1,300 messages over three pages for two tenants, with late entries and two kill -9; prints the figures
[group('check')]
inbound-proof *args:
    @-python -m workers_stack servers
    @INBOUND_PROOF=full python -m pytest -q services/anaf-efactura/tests/inbound/test_worker.py "$@"

# Make 1,000 invoices of any sensible JSON and judge them by the schema and every rule (5 min)
[group('check')]
builder-proof *args:
    @BUILDER_EXAMPLES=1000 python -m pytest -q services/anaf-efactura/tests/building/test_generated.py "$@"

# Only what needs no server
[group('check')]
test-unit *args:
    @python -m pytest -m "not integration and not fault" "$@"

# The suite with branch coverage of what runs in the tests' own process
[group('check')]
coverage *args:
    @coverage run -m pytest "$@"
    @coverage report --skip-covered --sort=cover

# Lint and types
[group('check')]
check-quick: lint types

# Everything that must be green
[group('check')]
check: lint types test

# What a message costs, beside FastStream's defaults, aio-pika and Celery: `bench --rounds 3 --json FILE`
[group('check')]
bench *args:
    @-python -m workers_stack servers
    @PYTHONPATH=tests/performance python -m bench "$@"

# Mails a second at a server 20 ms away, against one connection a mail: `bench-email --json FILE`
[group('check')]
bench-email *args:
    @-python -m workers_stack servers
    @python tests/performance/bench_email.py "$@"

# What a PDF costs, beside pyppeteer, Playwright and puppeteer-core: `bench-pdf --soak 500 --json FILE`
[group('check')]
bench-pdf *args:
    @-python -m workers_stack servers
    @PYTHONPATH=tests/performance python -m bench_pdf "$@"

# How well and how cheaply documents are read, beside stock paddleocr and tesseract: `bench-ocr --pages 18 --json FILE`
[group('check')]
bench-ocr *args:
    @-python -m workers_stack servers
    @python tests/performance/bench_ocr.py "$@"

# Invoices a second that are judged, beside bare lxml; ends with 1 under 50 a second: `bench-rules --json FILE`
[group('check')]
bench-rules *args:
    @python tests/performance/bench_rules.py "$@"

# Make a new worker: `new-worker --tag bank.statement --command statement.import`
[group('maintain')]
new-worker *args:
    @python scripts/create-worker.py "$@"

# Pin every dependency again: `lock --upgrade` moves to newer versions
[group('maintain')]
lock *args:
    @python scripts/lock.py "$@"

# Write the JSON Schemas of the messages
[group('maintain')]
schemas:
    @python -m workers_contracts schemas

# Write .env.example from the settings classes
[group('maintain')]
env:
    @python scripts/env_example.py

# Write the pages of docs/reference from the code
[group('maintain')]
docs:
    @python scripts/reference.py

# Write every Dockerfile from its template, around the marked blocks
[group('maintain')]
dockerfiles:
    @python scripts/dockerfiles.py
