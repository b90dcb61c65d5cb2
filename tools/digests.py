"""Pins the images of docker-compose.yml to their contents (`make digests`).

For machines with a container engine and a registry: asks the registry for the digest of each tag
and writes docker-compose.digests.yml, which compose takes beside the file of the tags. Nothing is
invented: an image that the registry does not know ends it, and the file stays as it was.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from adlake.settings import REPO_ROOT

COMPOSE: Final = REPO_ROOT / "docker-compose.yml"
TARGET: Final = REPO_ROOT / "docker-compose.digests.yml"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_HEADING: Final = """# Written by `make digests`: the contents that the tags had at that time.
# Use it by a line in .env:
# COMPOSE_FILE=docker-compose.yml:docker-compose.digests.yml
"""
Ask = Callable[[str], str]


class NoDigestError(Exception):
    """The registry does not say what an image is."""


def registry_images(compose: dict[str, Any]) -> dict[str, str]:
    """Service -> its image, for the images that come from a registry and are not built here."""
    services = compose["services"]
    built = {one["image"] for one in services.values() if "build" in one}
    return {name: one["image"] for name, one in services.items() if one["image"] not in built}


def pinned(compose: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """The services whose image comes from a registry, with its digest.

    Raises:
        NoDigestError: one has none.
    """
    images = registry_images(compose)
    digests = {image: ask(image) for image in sorted(set(images.values()))}
    return {"services": {name: {"image": f"{one}@{digests[one]}"} for name, one in images.items()}}


def digest_of(image: str) -> str:
    """What the registry says of a tag: the digest of the list of its platforms."""
    command = ["docker", "buildx", "imagetools", "inspect", image, "--format", "{{json .Manifest}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    try:
        told = str(json.loads(done.stdout)["digest"])
    except (ValueError, KeyError, TypeError):
        told = ""
    if done.returncode or not _DIGEST.fullmatch(told):
        reason = done.stderr.strip().rpartition("\n")[2] or "it said none"
        raise NoDigestError(f"no digest of {image}: {reason}")
    return told


def write(target: Path, ask: Ask) -> None:
    """Write the file in one step."""
    services = pinned(yaml.safe_load(COMPOSE.read_text()), ask)
    scratch = target.with_name(target.name + ".writing")
    scratch.write_text(_HEADING + yaml.safe_dump(services, sort_keys=True))
    scratch.replace(target)


def main() -> None:
    """Ask for all; exits with the first one that has no answer."""
    if shutil.which("docker") is None:
        sys.exit("digests are asked for by docker, which is not here")
    try:
        write(TARGET, digest_of)
    except (NoDigestError, subprocess.TimeoutExpired) as error:
        sys.exit(f"{error}. {TARGET.name} is as it was")
    sys.stdout.write(f"{TARGET.name} written\n")


if __name__ == "__main__":
    main()
