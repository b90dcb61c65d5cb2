"""The two forms of the stack."""

from enum import StrEnum


class Runtime(StrEnum):
    """Form of the stack."""

    AUTO = "auto"
    NATIVE = "native"
    DOCKER = "docker"
