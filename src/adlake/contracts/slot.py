"""The slot of an impression: its 10-second interval, derived from the id alone.

Slots let every look-up and MERGE prune the Gold table by integer literals, so the cost per event
does not grow with the table. One definition, three forms (Python, Spark SQL, Trino SQL); a test
holds them equal. `slot = days_since_1970 * 8640 + second_of_day / 10`.

Recognised ids, else a hash slot in day 0 (correct, only slower to find):
- `imp-<yyyymmdd>-<7 hex digits: millisecond of the day>...`
- UUIDv7 (RFC 9562, 48 bits of epoch milliseconds)
- ULID (48 bits of epoch milliseconds, Crockford base 32)
A time outside 2015-01-01 .. 2100-12-31 counts as no time.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

SLOT_SECONDS: Final = 10
SLOTS_PER_DAY: Final = 8_640
MS_PER_SLOT: Final = 10_000
MS_PER_DAY: Final = 86_400_000
MIN_SLOT_MS: Final = 1_420_070_400_000
MAX_SLOT_MS_EXCLUSIVE: Final = 4_133_980_800_000
END_SLOT: Final = MAX_SLOT_MS_EXCLUSIVE // MS_PER_SLOT
"""Every slot is at least 0 and below this. Wider limits overflow in Iceberg's partition filter."""
CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# Years 2015-2100, any month 01-12, any day 01-31: 31 February is 3 March, deterministic everywhere.
IMP_PATTERN: Final = (
    "^imp-(201[5-9]|20[2-9][0-9]|2100)(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])-[0-9a-f]{7}"
)
UUID7_PATTERN: Final = (
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"
)
ULID_PATTERN: Final = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a proleptic Gregorian date (H. Hinnant, chrono-compatible dates)."""
    shifted_year = year - (1 if month <= 2 else 0)
    era = shifted_year // 400
    year_of_era = shifted_year - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468


def slot_of(impression_id: str) -> int:
    """Slot of an impression id; `slot_sql` is the same function for Spark and Trino."""
    epoch_ms = _embedded_epoch_ms(impression_id)
    if epoch_ms is None or not MIN_SLOT_MS <= epoch_ms < MAX_SLOT_MS_EXCLUSIVE:
        return zlib.crc32(impression_id.encode()) % SLOTS_PER_DAY
    return epoch_ms // MS_PER_SLOT


def _embedded_epoch_ms(impression_id: str) -> int | None:
    if re.match(IMP_PATTERN, impression_id):
        ms_of_day = int(impression_id[13:20], 16)
        if ms_of_day >= MS_PER_DAY:
            return None
        date = impression_id[4:12]
        return (
            days_from_civil(int(date[:4]), int(date[4:6]), int(date[6:])) * MS_PER_DAY + ms_of_day
        )
    if re.fullmatch(UUID7_PATTERN[1:-1], impression_id):
        return int(impression_id[:8] + impression_id[9:13], 16)
    if re.fullmatch(ULID_PATTERN[1:-1], impression_id):
        epoch_ms = 0
        for symbol in impression_id[:10]:
            epoch_ms = epoch_ms * 32 + CROCKFORD.index(symbol)
        return epoch_ms
    return None
