"""The slot of an impression: its 10-second interval, derived from the id alone.

Slots let every look-up and MERGE prune the Gold table by integer literals, so the cost per event
does not grow with the table. One definition, three forms (Python, Spark SQL, Trino SQL); a test
holds them equal. `slot = days_since_1970 * 8640 + second_of_day / 10`.

Recognised ids:
- `imp-<yyyymmdd>-<7 hex digits: millisecond of the day>...`
- `imp-<yyyymmdd>-...`: no time of day, so a hash slot inside that day
- UUID version 7, 6 and 1 (RFC 9562) with hyphens
- ULID (48 bits of epoch milliseconds, Crockford base 32, upper or lower case)
- KSUID (27 digits of base 62: 32 bits of seconds since 2014-05-13, 128 random bits)
- 24 hex digits: an object id, whose first 32 bits are epoch seconds

Every other id has a hash slot in day 0 (correct, only slower to find). A time outside
2015-01-01 .. 2100-12-31 counts as no time.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

SLOT_LAW: Final = 2
"""Version of this function; Gold's stamps say which one placed its rows. Version 1 knew the first
of the forms above, UUID version 7 and ULID in upper case."""
SLOT_SECONDS: Final = 10
SLOTS_PER_DAY: Final = 8_640
MS_PER_SLOT: Final = 10_000
MS_PER_DAY: Final = 86_400_000
MIN_SLOT_MS: Final = 1_420_070_400_000
MAX_SLOT_MS_EXCLUSIVE: Final = 4_133_980_800_000
END_SLOT: Final = MAX_SLOT_MS_EXCLUSIVE // MS_PER_SLOT
"""Every slot is at least 0 and below this. Wider limits overflow in Iceberg's partition filter."""

# Years 2015-2100, any month 01-12, any day 01-31: 31 February is 3 March, deterministic everywhere.
DAY_PATTERN: Final = "^imp-(201[5-9]|20[2-9][0-9]|2100)(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])-"
IMP_PATTERN: Final = f"{DAY_PATTERN}[0-9a-f]{{7}}"

# No pattern ends with "$": Java's also stands before a last line break, so lengths are compared.
UUID_LENGTH: Final = 36
UUID_PATTERN: Final = (
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[167][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
)
ULID_LENGTH: Final = 26
ULID_PATTERN: Final = "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}"
KSUID_LENGTH: Final = 27
KSUID_PATTERN: Final = "^[0-9A-Za-z]{27}"
OBJECT_ID_LENGTH: Final = 24
OBJECT_ID_PATTERN: Final = "^[0-9a-fA-F]{24}"

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULID_TIME_DIGITS: Final = 10
BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UUID_TICKS_AT_1970: Final = 122_192_928_000_000_000
"""Ticks of 100 ns from 1582-10-15, where the clock of UUID versions 1 and 6 begins."""
TICKS_PER_MS: Final = 10_000
KSUID_EPOCH_SECONDS: Final = 1_400_000_000
KSUID_TIME_DIGITS: Final = 7
"""So many digits tell the time to 3 ms; their number times KSUID_NUMERATOR fits in 64 bits."""
KSUID_NUMERATOR: Final = 1_197_135
KSUID_DENOMINATOR: Final = 578_294_129
"""The fraction nearest to 62**20 / 2**128: seconds for each step of the last of those digits."""


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
    hash_slot = zlib.crc32(impression_id.encode()) % SLOTS_PER_DAY
    if re.match(DAY_PATTERN, impression_id):
        day = days_from_civil(
            int(impression_id[4:8]), int(impression_id[8:10]), int(impression_id[10:12])
        )
        return day * SLOTS_PER_DAY + _slot_in_day(impression_id, hash_slot)
    epoch_ms = _embedded_epoch_ms(impression_id)
    if epoch_ms is None or not MIN_SLOT_MS <= epoch_ms < MAX_SLOT_MS_EXCLUSIVE:
        return hash_slot
    return epoch_ms // MS_PER_SLOT


def _slot_in_day(impression_id: str, hash_slot: int) -> int:
    if re.match(IMP_PATTERN, impression_id):
        ms_of_day = int(impression_id[13:20], 16)
        if ms_of_day < MS_PER_DAY:
            return ms_of_day // MS_PER_SLOT
    return hash_slot


def _embedded_epoch_ms(impression_id: str) -> int | None:
    length = len(impression_id)
    if length == UUID_LENGTH and re.match(UUID_PATTERN, impression_id):
        return _uuid_epoch_ms(impression_id)
    if length == ULID_LENGTH and re.match(ULID_PATTERN, impression_id):
        return _number(impression_id[:ULID_TIME_DIGITS].upper(), CROCKFORD)
    if length == KSUID_LENGTH and re.match(KSUID_PATTERN, impression_id):
        steps = _number(impression_id[:KSUID_TIME_DIGITS], BASE62)
        seconds = steps * KSUID_NUMERATOR // KSUID_DENOMINATOR
        return (KSUID_EPOCH_SECONDS + seconds) * 1_000
    if length == OBJECT_ID_LENGTH and re.match(OBJECT_ID_PATTERN, impression_id):
        return int(impression_id[:8], 16) * 1_000
    return None


def _uuid_epoch_ms(uuid: str) -> int:
    first, second, third = uuid[:8], uuid[9:13], uuid[15:18]
    if uuid[14] == "7":
        return int(first + second, 16)
    in_order = third + second + first if uuid[14] == "1" else first + second + third
    return (int(in_order, 16) - UUID_TICKS_AT_1970) // TICKS_PER_MS


def _number(digits: str, alphabet: str) -> int:
    value = 0
    for digit in digits:
        value = value * len(alphabet) + alphabet.index(digit)
    return value
