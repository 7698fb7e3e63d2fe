"""The bus as data: every queue has its lanes, and the frozen names stay."""

import pytest
from pydantic import ValidationError

from workers_contracts.base import Command
from workers_contracts.catalog import commands, events, failed_event, messages
from workers_contracts.heartbeat import WorkerStatus
from workers_contracts.topology import (
    COMMANDS,
    DELAYS_SECONDS,
    MAX_MESSAGE_BYTES,
    Binding,
    command_queues,
    dead_queue,
    suspect_queue,
    topology,
)

QUEUES = {queue.name: queue.arguments for queue in topology().queues}
FROZEN_KEYS = {
    "anaf.taxpayer.validated",
    "efactura.accepted",
    "efactura.check",
    "efactura.failed",
    "efactura.rejected",
    "efactura.submit",
    "efactura.submitted",
    "taxpayer.failed",
    "taxpayer.validate",
    "worker.heartbeat",
}
FROZEN_QUEUES = {"taxpayer.validate": "anaf.taxpayer", "efactura.submit": "anaf.efactura"}


def test_released_routing_keys_stay():
    assert messages().keys() >= FROZEN_KEYS


def test_public_commands_wait_in_the_queue_named_by_the_tag():
    assert {key: commands()[key].queue() for key in FROZEN_QUEUES} == FROZEN_QUEUES
    first = [c for c in commands().values() if c.verb is None]
    assert all(c.is_public() and c.queue() == c.tag for c in first)


def test_further_public_command_waits_in_a_queue_of_its_own():
    assert commands()["efactura.validate"].queue() == "anaf.efactura.validate"
    assert commands()["efactura.validate"].is_public()


def test_follow_up_command_waits_in_a_queue_of_its_own():
    assert commands()["efactura.check"].queue() == "anaf.efactura.check"
    assert not commands()["efactura.check"].is_public()


def test_exchanges_have_the_frozen_names():
    names = {exchange.name for exchange in topology().exchanges}
    assert {"workers.commands", "workers.events", "workers.heartbeats", "workers.control"} <= names


def test_unroutable_command_is_kept_and_seen():
    arguments = {exchange.name: exchange.arguments for exchange in topology().exchanges}
    kept = arguments[COMMANDS]["alternate-exchange"]
    assert [b.queue for b in topology().bindings if b.exchange == kept] == ["workers.unrouted"]


@pytest.mark.parametrize("name", command_queues())
def test_command_queue_has_dead_letters_and_a_suspect_lane(name):
    assert {dead_queue(name), suspect_queue(name)} <= QUEUES.keys()
    for lane in (name, suspect_queue(name)):
        assert QUEUES[lane]["x-dead-letter-routing-key"] == dead_queue(name)
        assert QUEUES[lane]["x-dead-letter-strategy"] == "at-least-once"
        assert QUEUES[lane]["x-overflow"] == "reject-publish"


@pytest.mark.parametrize("key", commands())
def test_command_is_bound_by_its_routing_key_when_others_may_send_it(key):
    binding = Binding(COMMANDS, commands()[key].queue(), key)
    assert (binding in topology().bindings) == commands()[key].is_public()


@pytest.mark.parametrize("key", commands())
def test_command_can_fail_by_name(key):
    assert failed_event(commands()[key]).key == f"{key.split('.')[0]}.failed"


def test_every_queue_is_a_quorum_queue():
    assert {arguments["x-queue-type"] for arguments in QUEUES.values()} == {"quorum"}


def test_every_name_fits_amqp():
    names = [*QUEUES, *(e.name for e in topology().exchanges), *messages()]
    assert all(len(name.encode()) <= 255 for name in names)


def test_names_are_unique_and_bindings_lead_somewhere():
    assert len(QUEUES) == len(topology().queues)
    exchanges = {exchange.name for exchange in topology().exchanges}
    assert {b.exchange for b in topology().bindings} <= exchanges
    assert {b.queue for b in topology().bindings} <= QUEUES.keys()


def test_delay_ladder_hands_back_after_its_time():
    for seconds in DELAYS_SECONDS:
        arguments = QUEUES[f"workers.delay.{seconds}s"]
        assert arguments["x-message-ttl"] == seconds * 1000
        assert arguments["x-dead-letter-exchange"] == ""
        assert "x-dead-letter-routing-key" not in arguments
    assert list(DELAYS_SECONDS) == sorted(set(DELAYS_SECONDS))


def test_size_limit_is_256_kib():
    assert MAX_MESSAGE_BYTES == 262_144


def test_every_message_is_explained_to_other_teams():
    for message in messages().values():
        assert message.__doc__
        assert message.__module__.startswith("workers_contracts.")


def test_command_refuses_and_event_ignores_a_field_it_does_not_know():
    for command in commands().values():
        with pytest.raises(ValidationError, match="Extra inputs"):
            command.model_validate({"no_such_field": 1})
    assert all(event.model_config["extra"] == "ignore" for event in events().values())


def test_status_schema_is_frozen():
    assert list(WorkerStatus.model_fields) == [
        "correlation_id",
        "id",
        "tag",
        "version",
        "status",
        "last_seen",
        "started_at",
        "health_endpoint",
        "progress",
        "metrics",
    ]


def test_command_outside_the_catalogue_does_not_enter_the_bus():
    class Foreign(Command):
        key = "foreign.do"
        tag = "foreign"

    assert Foreign.queue() == "foreign"
    assert "foreign.do" not in messages()
