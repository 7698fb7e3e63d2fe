"""What this worker reads from the environment."""

import re
from typing import Annotated

from pydantic import AnyUrl, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from workers_runtime.config import WorkerSettings

from .channels import Channels, normal

SLACK_HOSTS = frozenset({"slack.com", "hooks.slack.com", "files.slack.com"})
_AMBIGUOUS = re.compile(r"[\\@\s\x00-\x1f]")
Names = Annotated[tuple[str, ...], NoDecode]


class Settings(WorkerSettings):
    """The settings of `notify-slack`."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_SLACK_")

    allowed_hosts: Names = Field(
        default=(),
        description="Hosts with port beside Slack's own, separated by commas, also without TLS: "
        "the sandbox in development.",
    )
    webhook_url: SecretStr | None = Field(
        default=None,
        validation_alias="SLACK_WEBHOOK_URL",
        description="Incoming webhook; posts to the one channel that it was made for. This, the "
        "bot token or NOTIFY_SLACK_WEBHOOKS is needed.",
    )
    bot_token: SecretStr | None = Field(
        default=None,
        validation_alias="SLACK_BOT_TOKEN",
        description="Bot token (chat:write) for chosen channels, threads, updates and files.",
    )
    webhooks: SecretStr = Field(
        default=SecretStr(""),
        description="Further webhooks, each with its channel: ops=https://…,finance=https://….",
    )
    channels: Names = Field(
        default=(),
        description="Names or ids of the channels that the bot token may post to, by commas.",
    )
    channel: str = Field(
        default="", description="Channel of the bot token when a command names none."
    )
    api_url: str = Field(
        default="https://slack.com/api/", description="Address of Slack's Web API."
    )
    messages_per_second: float = Field(
        default=1.0, gt=0, le=100, description="To one channel, over all replicas; Slack's limit."
    )
    burst: int = Field(
        default=3, ge=1, le=100, description="Messages to one channel that may go at once."
    )
    answer_seconds: float = Field(
        default=10.0, gt=0, le=120, description="How long Slack may take to answer."
    )

    @field_validator("allowed_hosts", "channels", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            return parts
        return tuple(str(one).strip() for one in parts if str(one).strip())

    @model_validator(mode="after")
    def _usable(self) -> "Settings":
        hooks = [("NOTIFY_SLACK_WEBHOOKS", url) for url in self.hooks().values()]
        if self.webhook_url:
            hooks.append(("SLACK_WEBHOOK_URL", self.webhook_url.get_secret_value()))
        if not hooks and not self.bot_token:
            raise ValueError("give SLACK_WEBHOOK_URL, SLACK_BOT_TOKEN or NOTIFY_SLACK_WEBHOOKS")
        for name, url in [*hooks, ("NOTIFY_SLACK_API_URL", self.api_url)]:
            if not self.may_reach(url):
                # Never the value: a webhook's address is a password.
                raise ValueError(
                    f"{name} must begin with https:// and a host of Slack's, or one that "
                    "NOTIFY_SLACK_ALLOWED_HOSTS names"
                )
        return self

    def may_reach(self, url: str) -> bool:
        """Say whether a request may go to this address."""
        # What programs read differently: who sends might see another host than this check.
        if _AMBIGUOUS.search(url):
            return False
        try:
            parts = AnyUrl(url)
        except ValueError:
            return False
        place = f"{parts.host}:{parts.port}"
        if parts.scheme in ("http", "https") and place in self.allowed_hosts:
            return True
        return parts.scheme == "https" and parts.port == 443 and parts.host in SLACK_HOSTS

    def hooks(self) -> dict[str, str]:
        """Return the further webhooks by channel."""
        pairs = [one for one in self.webhooks.get_secret_value().split(",") if one.strip()]
        found = {}
        for number, pair in enumerate(pairs, 1):
            channel, sign, url = pair.strip().partition("=")
            if not sign or not channel:
                raise ValueError(f"entry {number} of NOTIFY_SLACK_WEBHOOKS is not channel=https://")
            found[normal(channel)] = url
        return found

    def routes(self) -> Channels:
        """Return the ways to channels that these settings open."""
        default = normal(self.channel) if self.channel and self.bot_token else None
        allowed = {normal(one) for one in self.channels} | ({default} if default else set())
        return Channels(
            token=self.bot_token is not None,
            allowed=frozenset(allowed),
            webhooks=self.hooks(),
            webhook=self.webhook_url.get_secret_value() if self.webhook_url else "",
            default=default,
        )
