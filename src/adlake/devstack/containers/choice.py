"""Which form of the stack a verb means."""

from __future__ import annotations

from adlake.devstack.containers.engine import engine_facts
from adlake.devstack.runtime import Runtime
from adlake.devstack.stack import Stack
from adlake.folders import IS_CHECKOUT
from adlake.settings import REPO_ROOT, Settings


def choose(runtime: Runtime, settings: Settings) -> Runtime:
    """What `auto` means here: the native form where it runs or no engine answers, else Docker.

    Who names a state folder of his own (ADLAKE_HOME) means the native form: containers have none.
    So does who installed the package alone, which has no compose file.
    """
    if runtime is not Runtime.AUTO:
        return runtime
    is_default = IS_CHECKOUT and settings.paths.home.resolve() == REPO_ROOT / ".runtime"
    if not is_default or Stack(settings).running() or engine_facts() is None:
        return Runtime.NATIVE
    return Runtime.DOCKER
