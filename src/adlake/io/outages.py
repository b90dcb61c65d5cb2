"""Names what was away when Spark failed: one sentence for hundreds of lines."""

from __future__ import annotations

import re
from collections.abc import Callable

from adlake.io.iceberg.rest_catalog import refused_login
from adlake.io.postgres.errors import catalog_sentence
from adlake.io.spark.errors import SET_BACK, deepest_cause, is_clock_set_back

_JVM_GONE = (
    "the Spark JVM of this command is gone (killed, or out of memory): run it again; if that comes "
    "again, raise ADLAKE_DRIVER_MEMORY"
)
_FULL = "the disk: {}: make room, then `make up` goes on exactly where the tables are"
_KAFKA = "Kafka does not answer ({}): `make up` starts it, `make logs NAME=kafka` says why it ended"
_KAFKA_LOGIN = (
    "Kafka refuses the login or does not allow this ({}): check ADLAKE_KAFKA_USER and "
    "ADLAKE_KAFKA_PASSWORD_FILE, and what this user may read"
)
_REST = "the REST catalog does not answer ({}): see whether it runs at ADLAKE_CATALOG_URI"
_STORE = (
    "the object store does not answer, or not as it should ({}): see whether it runs at "
    "ADLAKE_S3_ENDPOINT; the stream goes on exactly where the tables are"
)
_STORE_KEY = (
    "the object store refuses this key ({}): check ADLAKE_S3_ACCESS_KEY_ID and "
    "ADLAKE_S3_SECRET_KEY_FILE, and what this key may do in the bucket of ADLAKE_WAREHOUSE"
)
_NO_BRANCH = (
    "the catalog lost a branch of a table that it had been told to keep ({}): batches are staged "
    "on one, so a REST catalog has to keep branches, which Nessie's does not (docs/adr/0019)"
)
_FENCED = "{}: another driver took over, this one wrote nothing more"
_MEMORY = "the Spark JVM is out of memory ({}): raise ADLAKE_DRIVER_MEMORY, then `make up`"

_DISK = (
    r"No space left on device|Disk quota exceeded|Read-only file system"
    r"|Too many open files|Input/output error"
)
_SDK = r"software\.amazon\.awssdk\.(?:[a-z0-9]+\.)+"


def _fenced(said: str) -> str:
    # The trigger's own sentence is older than the word.
    return _FENCED.format(said.replace(" epoch ", " generation "))


_OUTAGES: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"(fenced: [^\n]+)"), _fenced),
    # Before the database: PostgreSQL passes on what its own disk says.
    (re.compile(f"({_DISK})"), _FULL.format),
    (re.compile(r"(OutOfMemoryError[^\n]*)"), _MEMORY.format),
    (re.compile(r"org\.postgresql\.util\.PSQLException: ([^\n]+)"), catalog_sentence),
    (
        re.compile(r"iceberg\.jdbc\.UncheckedSQLException: (Failed to connect[^\n]*)"),
        catalog_sentence,
    ),
    (
        re.compile(
            r"org\.apache\.kafka\.common\.errors\.((?:Timeout|Disconnect|Network|BrokerNotAvailable"
            r"|LeaderNotAvailable|CoordinatorNotAvailable|NotLeaderOrFollower)Exception[^\n]*)"
        ),
        _KAFKA.format,
    ),
    (
        re.compile(
            r"org\.apache\.kafka\.common\.errors\."
            r"((?:\w*Authentication|\w*Authorization)Exception[^\n]*)"
        ),
        _KAFKA_LOGIN.format,
    ),
    (
        re.compile(r"iceberg\.exceptions\.((?:NotAuthorized|Forbidden)Exception)[^\n]*"),
        lambda _: refused_login("ADLAKE_CATALOG_URI"),
    ),
    (
        re.compile(
            r"iceberg\.exceptions\.((?:REST|ServiceUnavailable|ServiceFailure)Exception[^\n]*)"
        ),
        _REST.format,
    ),
    (re.compile(r"(Cannot use branch \(does not exist\): [^\n]*)"), _NO_BRANCH.format),
    (
        re.compile(rf"{_SDK}\w+Exception: ([^\n(]*\(Service: S3, Status Code: 40[13])"),
        lambda said: _STORE_KEY.format(f"{said})"),
    ),
    (
        re.compile(rf"{_SDK}\w+Exception: ([^\n(]*\(Service: S3, Status Code: 5\d\d)"),
        lambda said: _STORE.format(f"{said})"),
    ),
    (re.compile(rf"{_SDK}SdkClientException: (Unable to [^\n]*)"), _STORE.format),
    (re.compile(r"(Py4JNetworkError|Answer from Java side is empty)"), lambda _: _JVM_GONE),
)


def spark_trouble(error: BaseException) -> str | None:
    """The sentence for what Spark or its JVM raised; None for errors of others, and for bugs."""
    return outage_in(text_of(error)) if is_of_spark(error) else None


def is_of_spark(error: BaseException) -> bool:
    """Whether the error came out of PySpark or out of its bridge to the JVM."""
    return type(error).__module__.partition(".")[0] in ("pyspark", "py4j")


def text_of(error: BaseException) -> str:
    """All that the error says, JVM traces included; asking a dead JVM for it fails by itself."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as failure:
        return f"{type(error).__name__}: {type(failure).__name__}"


def outage_in(text: str) -> str | None:
    """The sentence for the first outage that the text of a Spark error tells of."""
    if is_clock_set_back(text):
        return SET_BACK
    for pattern, sentence in _OUTAGES:
        found = pattern.findall(text)
        if found:
            return sentence(found[-1].strip())
    return None


def bug_in_words(error: BaseException) -> str:
    """Kind and deepest cause of an error of Spark that is no outage."""
    return f"{type(error).__name__}: {deepest_cause(text_of(error).partition(': ')[2])}"
