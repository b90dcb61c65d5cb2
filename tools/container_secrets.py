"""Makes the passwords of the container form (`make secrets`); any Python will do."""

import sys
from pathlib import Path

REPO_ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Add what `.env` lacks."""
    sys.path.insert(0, str(REPO_ROOT / "src"))
    from adlake.devstack.containers.secret_lines import add_missing

    file = REPO_ROOT / ".env"
    added = add_missing(file)
    sys.stdout.write(f"{file}: {len(added)} lines added\n" if added else f"{file}: all is there\n")


if __name__ == "__main__":
    main()
