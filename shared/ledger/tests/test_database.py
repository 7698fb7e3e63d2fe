"""Opening a database: addresses, migrations, and one that does not answer."""

import asyncio
import itertools

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from workers_ledger.database import Database, DatabaseDownError, parse
from workers_ledger.migrate import NEWEST
from workers_ledger.migrations.run import config, head
from workers_ledger.schema import Base

TABLES = {
    "document",
    "attempt",
    "message",
    "stamp",
    "instance",
    "secret",
    "sighting",
    "inbox",
    "inbound",
}


async def tables(database: Database) -> set[str]:
    async with database.engine.connect() as connection:
        return set(await connection.run_sync(lambda c: inspect(c).get_table_names()))


def differences(connection):
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, Base.metadata)


def shape(connection):
    """Return everything that the database says of its tables."""
    inspector = inspect(connection)
    tables = sorted(inspector.get_table_names())
    columns = {
        table: [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)]
        for table in tables
    }
    keys = {table: inspector.get_pk_constraint(table) for table in tables}
    others = {
        table: (inspector.get_foreign_keys(table), indices(inspector, table)) for table in tables
    }
    return columns, keys, others


def indices(inspector, table):
    """Return a table's indices, what they leave out as text: two such objects never compare."""
    return [
        {**index, "dialect_options": {k: str(v) for k, v in index["dialect_options"].items()}}
        if "dialect_options" in index
        else index
        for index in inspector.get_indexes(table)
    ]


async def test_tables_are_made_and_equal_the_models(database):
    assert await tables(database) >= TABLES
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_opening_again_changes_nothing(database):
    await database.open()
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == head()


def test_version_that_a_start_looks_for_is_that_of_the_newest_migration():
    assert head() == NEWEST


async def test_way_down_and_up_again(database):
    def migrate(connection, direction, revision):
        settings = config()
        settings.attributes["connection"] = connection
        direction(settings, revision)

    async with database.engine.begin() as connection:
        made_at_once = await connection.run_sync(shape)
        await connection.run_sync(migrate, command.downgrade, "base")
    assert not await tables(database) & TABLES
    await database.open()
    async with database.engine.begin() as connection:
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(shape) == made_at_once


NEWER = {"0001": ["sighting", "notice"], "0003": ["inbound", "inbox", "archive", "archive_head"]}
"""The tables that a form of the ledger did not have, beside those of the later ones."""


@pytest.mark.parametrize("has_table", [True, False])
@pytest.mark.parametrize("form", NEWER)
async def test_ledger_of_an_older_form_gets_what_was_added_since(database, form, has_table):
    async with database.engine.begin() as connection:
        await connection.execute(text(f"UPDATE alembic_version SET version_num = '{form}'"))
        lacks = [name for since, names in NEWER.items() if since >= form for name in names]
        for name in lacks if not has_table else ():
            await connection.execute(text(f"DROP TABLE {name}"))
        if form == "0001" and not has_table:
            await connection.execute(text("DROP INDEX ix_document_number"))
    await database.open()
    async with database.engine.begin() as connection:
        assert await connection.run_sync(differences) == []
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == head()


async def test_many_processes_may_open_a_new_database_at_once(database_url, run_in_process):
    outputs = await asyncio.gather(*(run_in_process(f"i{n}", "1") for n in range(2)))
    assert list(itertools.chain(*outputs)) == ["k0"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not an address"),
        ("ledger.db", "not an address"),
        ("postgresql://u:geheim@host:port/d", "not an address"),
        ("mysql://u:geheim@h/d", "starts with mysql://"),
        ("oracle+cx://u:geheim@h/d", "starts with oracle"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_wrong_address_says_what_to_write_and_not_the_password(url, words):
    with pytest.raises(ValueError, match="DATABASE_URL") as told:
        Database(url)
    assert words in str(told.value)
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:////a/b.db", "sqlite+aiosqlite"),
        ("postgres://u@h/d", "postgresql+asyncpg"),
        ("postgresql://u@h/d", "postgresql+asyncpg"),
    ],
)
def test_driver_is_chosen(url, driver):
    assert parse(url).drivername == driver


def test_libpqs_name_of_the_ssl_mode_is_understood():
    parsed = parse("postgresql://u@h/d?sslmode=require")
    assert dict(parsed.query) == {"ssl": "require"}


def test_folder_of_the_file_is_made_or_the_setting_named(tmp_path):
    Database(f"sqlite:///{tmp_path}/new/deep/ledger.db")
    assert (tmp_path / "new" / "deep").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="DATABASE_URL: the folder"):
        Database(f"sqlite:///{tmp_path}/file/ledger.db")


async def test_unreachable_server_is_waited_for_and_then_named(dead_database):
    with pytest.raises(DatabaseDownError):
        await dead_database.open(patience_seconds=0.3)


async def test_server_that_comes_up_late_is_no_problem(postgres):
    url = postgres.new_database()
    postgres.stop()
    database = Database(url)
    opening = asyncio.create_task(database.open(patience_seconds=20))
    await asyncio.sleep(0.5)
    assert not opening.done()
    postgres.start()
    await opening
    assert await tables(database) >= TABLES
    await database.close()


async def test_database_that_is_not_there_is_named_and_no_crash(postgres):
    database = Database(postgres.url("no_such_database"))
    with pytest.raises(DatabaseDownError, match="InvalidCatalogNameError"):
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
    await database.close()


@pytest.mark.parametrize(
    "statement", ["SELECT nonsense FROM secret", "SELEKT", "SELECT * FROM no_such_table"]
)
async def test_statement_that_can_never_work_is_a_defect_and_not_an_outage(database, statement):
    with pytest.raises(DBAPIError):
        async with database.transaction() as session:
            await session.execute(text(statement))


async def test_sqlite_survives_a_power_cut_and_readers_do_not_block(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/ledger.db")
    await database.open()
    async with database.transaction() as session:
        pragmas = [
            await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert pragmas == ["wal", 2, 1, 15000]
    await database.close()
