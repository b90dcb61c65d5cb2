"""For all tests: servers and sessions live for minutes here, production ones for weeks."""

from __future__ import annotations

import os

# The second compiler pays off after minutes of load; on two cores it takes them from the tests.
# One compiler alone gets a small code cache; once that is full the JVM only interprets.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m")
