"""Which event ends a command."""

import pytest

from workers_cli.errors import ExitCode
from workers_cli.finality import answers, event_patterns, exit_code, is_final
from workers_contracts.catalog import commands


@pytest.mark.parametrize(
    ("key", "event", "final"),
    [
        ("efactura.receive", "efactura.receiving", True),
        # They come as long as it is not stopped.
        ("efactura.receive", "efactura.received", False),
        ("efactura.receive", "efactura.failed", True),
        ("efactura.submit", "efactura.submitted", False),
        ("efactura.submit", "efactura.accepted", True),
        ("efactura.send_message", "efactura.processing", False),
        ("efactura.send_message", "efactura.message_sent", True),
        ("efactura.send_message", "efactura.message_rejected", True),
        ("taxpayer.validate", "anaf.taxpayer.validated", True),
        ("taxpayer.validate", "efactura.accepted", False),
        ("taxpayer.validate", "command.failed", False),
        # What the registry answers to a mistyped key.
        ("efctura.submit", "efactura.failed", True),
        ("payroll.run", "command.failed", True),
        ("payroll.run", "efactura.accepted", False),
    ],
)
def test_what_ends_a_command(key, event, final):
    assert is_final(key, event) is final


def test_events_of_a_domain_answer_its_commands_whatever_module_they_stand_in():
    assert answers("efactura.receive", "efactura.failed")
    assert event_patterns(commands()["efactura.receive"])[0] == "efactura.#"
    assert exit_code("efactura.receiving") is ExitCode.OK
    assert exit_code("efactura.message_sent") is ExitCode.OK
    assert exit_code("efactura.message_rejected") is ExitCode.REJECTED
