"""The environment of the peers that need no JVM: packages of their own, beside those of adlake.

`.venv/peers`, from requirements.lock beside this file; every file is checked against its hash.
Ours has a newer DuckDB than the one that DuckLake's package is made for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from adlake.devstack.install.download_environment import for_packages
from adlake.settings import REPO_ROOT

LOCK = Path(__file__).with_name("requirements.lock")
FOLDER = REPO_ROOT / ".venv" / "peers"


def peers_python(folder: Path = FOLDER) -> Path:
    """Its interpreter; the environment is made where it is missing or of another lock."""
    python, stamp = folder / "bin" / "python", folder / ".installed"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return python
    print("making the environment of the peers", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    ours = Path(sys.executable)
    environment = for_packages(ours, REPO_ROOT, REPO_ROOT / ".venv" / "tmp", os.environ)
    uv = str(ours.with_name("uv"))
    made = [uv, "venv", "--quiet", "--python", str(ours), str(folder)]
    filled = [
        *(uv, "pip", "install", "--quiet", "--python", str(python), "--no-deps"),
        *("--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)),
    ]
    for command in (made, filled):
        subprocess.run(command, env=environment, cwd=REPO_ROOT, check=True)
    stamp.write_text(wanted)
    return python
