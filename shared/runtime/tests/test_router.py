"""The list of handlers, and what `create_app` makes of it without a broker."""

import asyncio
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from faststream import Context
from pydantic import SecretStr

from workers_contracts.efactura import SubmitInvoice
from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer
from workers_runtime.app import create_app, package_version
from workers_runtime.config import WorkerSettings
from workers_runtime.router import Router


@asynccontextmanager
async def lifespan():
    yield {"told": "so"}


@pytest.fixture
def settings() -> WorkerSettings:
    return WorkerSettings(rmq_url=SecretStr("amqp://guest:guest@127.0.0.1:1/"))


def test_function_is_returned_unchanged():
    router = Router("x")

    async def handler(command: ValidateTaxpayer) -> None:
        """Do nothing."""

    assert router.handles(ValidateTaxpayer)(handler) is handler
    assert router.handlers[0].function is handler
    assert router.handlers[0].emits == ()


def test_second_handler_of_a_command_is_refused():
    router = Router("x")

    @router.handles(ValidateTaxpayer)
    async def one(command: ValidateTaxpayer) -> None:
        """Do nothing."""

    with pytest.raises(ValueError, match=r"x has two handlers of taxpayer\.validate"):
        router.handles(ValidateTaxpayer)


def test_handlers_of_two_tags_are_refused(settings):
    router = Router("x")
    for command in (ValidateTaxpayer, SubmitInvoice):

        @router.handles(command)
        async def handler(command: ValidateTaxpayer) -> None:
            """Do nothing."""

    with pytest.raises(ValueError, match="one tag, not"):
        create_app(settings, router, lifespan=lifespan)
    with pytest.raises(ValueError, match="one tag, not"):
        create_app(settings, Router("empty"), lifespan=lifespan)


async def test_asyncapi_names_the_command_and_its_events(settings):
    router = Router("anaf-taxpayer")

    @router.handles(ValidateTaxpayer, emits=[TaxpayerValidated])
    async def validate(
        command: ValidateTaxpayer, told: Annotated[str, Context("told")]
    ) -> TaxpayerValidated:
        """Look a number up."""

    worker = create_app(settings, router, lifespan=lifespan)
    document = worker.app.schema.to_specification().to_jsonable()
    assert document["info"]["title"] == "anaf-taxpayer"
    text = str(document)
    assert "ValidateTaxpayer" in text
    assert "TaxpayerValidated" in text
    assert "told" not in document["components"]["schemas"]
    # The lane for suspects is the kernel's own business.
    assert "suspect" not in text
    assert "guest:guest" not in text
    await asyncio.sleep(0)


async def test_asyncapi_names_the_commands_that_are_sent_to_other_workers(settings):
    router = Router("anaf-taxpayer")

    @router.handles(ValidateTaxpayer, sends=[SubmitInvoice])
    async def validate(command: ValidateTaxpayer) -> None:
        """Look a number up."""

    worker = create_app(settings, router, lifespan=lifespan)
    document = worker.app.schema.to_specification().to_jsonable()
    sent = [one for one in document["operations"].values() if one["action"] == "send"]
    assert len(sent) == 1
    assert "efactura.submit" in str(sent)
    await asyncio.sleep(0)


def test_router_takes_another_one_s_handlers_and_refuses_a_second_of_a_command():
    part, whole = Router("x"), Router("x")

    @part.handles(ValidateTaxpayer, emits=[TaxpayerValidated], sends=[SubmitInvoice])
    async def validate(command: ValidateTaxpayer) -> None:
        """Look a number up."""

    whole.include(part)
    assert whole.handlers == part.handlers
    with pytest.raises(ValueError, match="two handlers"):
        whole.include(part)


def test_version_of_loose_files_is_said():
    assert package_version("workers-runtime") != "0"
    assert package_version("no-such-distribution") == "0"
