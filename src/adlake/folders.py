"""Where the files beside the code lie, and where a lake lies when no setting says so.

In a checkout `sql/`, `infra/` and the others stand at its top. A wheel carries them inside the
package, since a library has no top: `SHIPPED` names what is copied, for the build and its test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent
_INSIDE: Final = _PACKAGE / "files"

SHIPPED: Final = ("sql", "infra", "metabase", "grafana", "notebooks", "contracts", "src/jvm")
IS_CHECKOUT: Final = not _INSIDE.is_dir()
FILES_ROOT: Final = _PACKAGE.parents[1] if IS_CHECKOUT else _INSIDE
"""The folder that holds those of `SHIPPED`."""
REPO_ROOT: Final = _PACKAGE.parents[1] if IS_CHECKOUT else Path.cwd()
"""The checkout; the current folder for an installed wheel, which keeps .env and .runtime there."""
ADLAKE: Final = ".venv/bin/adlake" if (REPO_ROOT / ".venv/bin/adlake").exists() else "adlake"
"""How a person types this program: in the clone nothing is on the PATH, in an image and a wheel it
is. Messages that name a command say it this way."""
