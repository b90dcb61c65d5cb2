"""Makes the JSON schema of dashboards from the types that Grafana publishes: `make grafana-types`.

By hand, when the version of Grafana changes, as it needs Node and npm: the quick tests read the
schema. npm installs what grafana/schema/package-lock.json names, the TypeScript compiler checks
dashboard.ts against it, and that type becomes dashboard.schema.json. (The compiler cannot read a
dashboard itself: to it, no word of a JSON text is a member of an enum.)
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Final

from adlake.settings import REPO_ROOT

SOURCES: Final = REPO_ROOT / "grafana" / "schema"
SCHEMA: Final = SOURCES / "dashboard.schema.json"
WORKSHOP: Final = REPO_ROOT / ".cache" / "grafana-schema"
GENERATOR: Final = (
    "ts-json-schema-generator", "--path", "dashboard.ts", "--type", "Dashboard", "--tsconfig",
    "tsconfig.json", "--no-top-ref", "--expose", "none", "--jsDoc", "none",
)  # fmt: skip


def main() -> None:
    """Write the schema; exits with what is wrong."""
    if not shutil.which("npm"):
        sys.exit("npm is not installed: it comes with Node 20 or later")
    shutil.copytree(SOURCES, WORKSHOP, dirs_exist_ok=True)
    _run("npm", "ci", "--no-audit", "--no-fund")
    _run("npx", "tsc", "--project", ".")
    schema = json.loads(_run("npx", *GENERATOR))
    SCHEMA.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _run(*command: str) -> str:
    """The output of a command in the workshop; exits with it when the command fails."""
    done = subprocess.run(command, cwd=WORKSHOP, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:2])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
