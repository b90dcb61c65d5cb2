"""Generated passwords, one file of mode 0600 each below $ADLAKE_HOME/secrets; modes of files."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SECRET_BYTES = 24
OTHERS_WRITE = 0o022


def ensure_secret(path: Path, ending: str = "") -> str:
    """The secret in `path`, generated when there is none yet.

    Args:
        path: its file.
        ending: of a generated one, for servers that want certain kinds of letters.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        scratch = path.with_suffix(".writing")
        scratch.unlink(missing_ok=True)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(SECRET_BYTES) + ending)
        scratch.replace(path)
    return path.read_text().strip()


def let_nobody_else_write() -> None:
    """What this process and those it starts make from now on is writable by its owner alone.

    A stricter mask stays. Under a mask of 000 any user of the machine could change the warehouse.
    """
    os.umask(os.umask(OTHERS_WRITE) | OTHERS_WRITE)
