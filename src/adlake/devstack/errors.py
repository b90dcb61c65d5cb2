"""Errors of the native stack."""

from __future__ import annotations

from adlake.contracts.errors import AdlakeError


class DevstackError(AdlakeError):
    """A prerequisite is missing, or a service cannot be started or stopped."""


class InstallError(DevstackError):
    """A download or an archive is missing, damaged or incomplete."""
