"""What the download of jars may use of the user's environment, as options of Java.

Java itself heeds no proxy variable; of the options that the user gives to every Java only those
about proxies and certificates pass.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from urllib.parse import urlsplit

from adlake.environment import JAVA_OPTIONS

NETWORK_PROPERTIES = (
    "-Dhttp.", "-Dhttps.", "-Dftp.", "-DsocksProxy", "-Djavax.net.ssl.", "-Djava.net.",
    "-Djdk.http.", "-Djdk.tls.", "-Dcom.sun.net.ssl.", "-Djdk.net.",
)  # fmt: skip


def network_options(given: Mapping[str, str]) -> list[str]:
    """Options for the JVM of a download; what the user gave to Java wins over proxy variables."""
    options = []
    for scheme in ("http", "https"):
        address = _first(given, f"{scheme}_proxy", "all_proxy")
        if address:
            options += _proxy(scheme, address)
    around = [host.strip() for host in _first(given, "no_proxy").split(",") if host.strip()]
    if around:
        hosts = "|".join(f"*{host}" if host.startswith(".") else host for host in around)
        options.append(f"-Dhttp.nonProxyHosts={hosts}")
    for name in JAVA_OPTIONS:
        options += [
            one for one in _split(given.get(name, "")) if one.startswith(NETWORK_PROPERTIES)
        ]
    return options


def _proxy(scheme: str, address: str) -> list[str]:
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if not parts.hostname:
        return []
    if parts.scheme.startswith("socks"):
        return [f"-DsocksProxyHost={parts.hostname}", f"-DsocksProxyPort={parts.port or 1080}"]
    return [
        f"-D{scheme}.proxyHost={parts.hostname}",
        f"-D{scheme}.proxyPort={parts.port or (443 if parts.scheme == 'https' else 80)}",
    ]


def _first(given: Mapping[str, str], *names: str) -> str:
    return next(
        (given[one] for name in names for one in (name, name.upper()) if given.get(one)), ""
    )


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote that is never closed
        return []
