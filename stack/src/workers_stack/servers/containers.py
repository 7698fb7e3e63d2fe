"""Docker Compose through testcontainers: imported only where an engine answers."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from testcontainers.compose import DockerCompose

from .process import ServerError

_FOLDER = Path(__file__).parent
_LIMIT = 300.0  # the first start downloads two images


class Containers(DockerCompose):
    """The services of `compose.yaml` under a project name of their own, each call with a limit."""

    def __init__(self, project: str) -> None:
        super().__init__(
            context=_FOLDER, compose_file_name="compose.yaml", docker_command_path="docker"
        )
        # The library takes no name: two stacks would share their containers.
        self.compose_command_property.extend(("--project-name", project))

    def address(self, service: str, port: int) -> str:
        """Return where a service's port is published, as ``host:port``."""
        host, published = self.get_service_host_and_port(service, port)
        return f"{host}:{published}"

    def _run_command(
        self, cmd: str | Sequence[str], context: str | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        # The library's own waits for ever, and its error does not say what Docker said.
        folder = context or str(self.context)
        try:
            done = subprocess.run(
                cmd, check=False, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL,
                timeout=_LIMIT,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ServerError(f"docker compose gave no answer within {_LIMIT:g} s") from None
        if done.returncode:
            told = done.stderr.decode(errors="replace")[-800:]
            raise ServerError(f"docker compose failed: {told}")
        return done
