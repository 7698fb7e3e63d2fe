"""What the control API can do."""

from datetime import datetime
from typing import Any

from workers_sandbox.misbehaviours.selection import Rule
from workers_sandbox.world import World


def shown(rule: Rule) -> dict[str, Any]:
    """A rule as the API shows it; `left` is null when it acts without end."""
    return {
        "id": rule.id,
        "scenario": rule.scenario.id,
        "match": dict(rule.match),
        "params": dict(rule.params),
        "left": rule.left,
    }


def add_scenario(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a misbehaviour."""
    return shown(world.faults.add(body))


def clock(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Shift the clock by `offset_seconds` from real time, or set it to `now`."""
    if "now" in body:
        world.clock.set(datetime.fromisoformat(str(body["now"])))
    elif "offset_seconds" in body:
        world.clock.shift(float(body["offset_seconds"]))
    else:
        raise ValueError("give 'offset_seconds' (a number) or 'now' (a moment with its zone)")
    return clock_shown(world)


def clock_shown(world: World) -> dict[str, Any]:
    """The sandbox's present."""
    return {"now": world.clock.now().isoformat(), "offset_seconds": world.clock.offset_seconds}


def reset(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Forget everything but the keys."""
    del body
    world.reset()
    return {"reset": True}


def reset_oauth(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Give the bootstrap refresh token back."""
    del body
    world.oauth.reset()
    return {"reset": True}


def settings(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Change live options."""
    world.settings = world.settings.changed(body)
    return {name: getattr(world.settings, name) for name in body}


def slack(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for an answer of Slack's."""
    world.slack.trouble(body)
    return body


def smtp(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for an answer of the mail server's."""
    world.mailbox.trouble(body)
    return body


def taxpayers(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Add or replace a company of the register."""
    return {"cui": world.taxpayers.add(body).cui}


def vies(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Make a VAT number valid, or ask for a fault."""
    if "vat_id" in body:
        name, address = str(body.get("name", "---")), str(body.get("address", "---"))
        world.vat_numbers.add(str(body["vat_id"]), name, address)
    else:
        world.vat_numbers.trouble(body)
    return body
