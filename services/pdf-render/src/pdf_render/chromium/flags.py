"""Chromium's command line: sealed off from every network, nothing in the background."""

from pathlib import Path

SEAL = (
    # No name resolves, every connection goes to a port where nobody listens, loopback included.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    # With the value: given as two flags, questions to STUN servers go out all the same.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--dns-prefetch-disable",
    "--disable-quic",
)
QUIET = (
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    "--disable-domain-reliability",
    "--metrics-recording-only",
    "--disable-dev-shm-usage",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
)
LOOKS = ("--font-render-hinting=none", "--force-color-profile=srgb", "--lang=en-US")


def command_line(program: Path, profile: Path, *, sandbox: bool) -> list[str]:
    """Return Chromium's command."""
    own = ["--remote-debugging-port=0", f"--user-data-dir={profile}"]
    unsafe = [] if sandbox else ["--no-sandbox"]
    return [str(program), *QUIET, *LOOKS, *SEAL, *own, *unsafe]
