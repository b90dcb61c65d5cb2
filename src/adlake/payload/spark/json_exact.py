"""The exact way to read a JSON object with Spark expressions: any text, one verdict.

Spark's parser limits numbers to 1,000 digits, names to 50,000 characters and colliding names to
100, turns numbers into doubles and lone surrogates into question marks. So the text is rewritten
first, from quote to quote: names become their hash, values and numbers become nothing that
matters, and the grammar stays as right or wrong as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from adlake.contracts.details import RejectDetail
from adlake.contracts.law import MAX_NESTING_DEPTH, MAX_PAYLOAD_BYTES
from adlake.payload.spark.let import let

_SHALLOW: Final = {
    "mode": "PERMISSIVE",
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
    "maxNestingDepth": str(MAX_NESTING_DEPTH + 1),
}
_DEEP: Final = _SHALLOW | {"maxNestingDepth": str(MAX_PAYLOAD_BYTES + 1)}
_NON_FINITE: Final = _DEEP | {"allowNonNumericNumbers": "true"}

_NUMBER: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_ESCAPE: Final = r"""\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})"""
_NOT_IN_STRING: Final = r"[\\\x00-\x1f]"
_HIGH: Final = r"[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = r"[dD][c-fC-F][0-9a-fA-F]{2}"
_SURROGATE: Final = r"[dD][89a-fA-F][0-9a-fA-F]{2}"
_NUL: Final = "\x00"
_STRING: Final = "S"
_NUMERIC: Final = "N"
_NAME_HASH_CHARS: Final = 32


def exact_read(payload: Column, names: Sequence[str]) -> Column:
    """STRUCT<fault STRING, kinds STRUCT, texts STRUCT> of a text that begins with a brace."""
    no_escaped_quote = F.replace(
        F.replace(payload, F.lit("\\\\"), F.lit("\\u005c")), F.lit('\\"'), F.lit("\\u0022")
    )

    def read(pieces: Column) -> Column:
        return let(
            _fault(_skeleton(pieces)),
            lambda fault: F.when(fault.isNull(), _fields(_spelled_out(pieces), names)).otherwise(
                _faulty(fault, names)
            ),
        )

    return let(F.split(no_escaped_quote, '"', -1), read)


def _skeleton(pieces: Column) -> Column:
    """The text without its contents: numbers 0, values empty, names hashed.

    Spaces keep a number apart from what touches it, so `1.5.3` does not turn into `0.0`.
    """

    def piece_skeleton(piece: Column, index: Column) -> Column:
        return (
            F.when(index % 2 == 0, F.regexp_replace(piece, _NUMBER, " 0 "))
            .when(F.regexp_replace(piece, _ESCAPE, "").rlike(_NOT_IN_STRING), piece)
            .when(_is_name(pieces, index), _hashed(piece))
            .otherwise("")
        )

    return F.array_join(F.transform(pieces, piece_skeleton), '"')


def _is_name(pieces: Column, index: Column) -> Column:
    return F.coalesce(F.get(pieces, index + 1).rlike("^[ \t\n\r]*:"), F.lit(False))


def _hashed(name: Column) -> Column:
    quoted = F.concat(F.lit('["'), _marked(name), F.lit('"]'))
    decoded = F.get(F.from_json(quoted, "array<string>", _SHALLOW), F.lit(0))
    plain_name = F.when(F.contains(name, F.lit("\\")), decoded).otherwise(name)
    return F.substring(F.sha2(plain_name.cast("binary"), 256), 1, _NAME_HASH_CHARS)


def _marked(content: Column) -> Column:
    """Lone surrogates as U+0000 1 XXXX, which the parser keeps; a real U+0000 as U+0000 0."""
    real = F.replace(content, F.lit("\\u0000"), F.lit("\\u00000"))
    # \v is no JSON escape: it holds the pairs while the lone ones are marked.
    without_pairs = F.regexp_replace(real, rf"\\u({_HIGH})\\u({_LOW})", r"\\v$1\\v$2")
    marked = F.regexp_replace(without_pairs, rf"\\u({_SURROGATE})", r"\\u00001$1")
    restored = F.replace(marked, F.lit("\\v"), F.lit("\\u"))
    return F.when(F.contains(content, F.lit("\\u")), restored).otherwise(content)


def _fault(skeleton: Column) -> Column:
    """Reject detail of the text with this skeleton, NULL for one strict object."""
    return let(skeleton, _fault_of_skeleton)


def _fault_of_skeleton(skeleton: Column) -> Column:
    alone = F.concat(F.lit("["), skeleton, F.lit("]"))
    is_strict = F.from_json(alone, "array<variant>", _SHALLOW).isNotNull()
    begins_with_object = _has_object_first(skeleton, _DEEP)
    return (
        F.when(
            _is_one_value(skeleton, _DEEP),
            F.when(~_is_one_value(skeleton, _SHALLOW), RejectDetail.TOO_DEEP.value).when(
                ~is_strict, RejectDetail.DUP_KEY.value
            ),
        )
        .when(begins_with_object, RejectDetail.TRAILING_DATA.value)
        .when(_has_object_first(skeleton, _NON_FINITE), RejectDetail.NON_FINITE.value)
        .otherwise(RejectDetail.NOT_JSON.value)
    )


def _is_one_value(skeleton: Column, options: dict[str, str]) -> Column:
    # Every name in a skeleton is a hash, so `end` can only be ours.
    with_end = F.concat(F.lit("["), skeleton, F.lit(',{"end":0}]'))
    values = F.from_json(with_end, "array<struct<end:int>>", options)
    end = F.get(values, F.lit(1))["end"]
    return F.coalesce((F.size(values) == 2) & (end == 0), F.lit(False))


def _has_object_first(skeleton: Column, options: dict[str, str]) -> Column:
    return F.from_json(skeleton, "array<struct<end:int>>", options).isNotNull()


def _spelled_out(pieces: Column) -> Column:
    """The same object: names hashed, S before every string, numbers as strings after N."""

    def piece_spelled(piece: Column, index: Column) -> Column:
        number = F.regexp_replace(piece, f"({_NUMBER})", f'"{_NUMERIC}$1"')
        return (
            F.when(index % 2 == 0, number)
            .when(_is_name(pieces, index), _hashed(piece))
            .otherwise(F.concat(F.lit(_STRING), _marked(piece)))
        )

    return F.array_join(F.transform(pieces, piece_spelled), '"')


def _fields(spelled_out: Column, names: Sequence[str]) -> Column:
    hashes = {name: sha256(name.encode()).hexdigest()[:_NAME_HASH_CHARS] for name in names}
    schema = "struct<" + ",".join(f"`{name_hash}`:string" for name_hash in hashes.values()) + ">"

    def read(members: Column) -> Column:
        spelled = {name: members[hashes[name]] for name in names}
        return F.struct(
            F.lit(None).cast("string").alias("fault"),
            F.struct(*(_kind(spelled[name]).alias(name) for name in names)).alias("kinds"),
            F.struct(*(_text(spelled[name]).alias(name) for name in names)).alias("texts"),
        )

    return let(F.from_json(spelled_out, schema, _SHALLOW), read)


def _kind(spelled: Column) -> Column:
    return (
        F.when(spelled.isNull(), "VOID")
        .when(spelled.rlike(f"^{_NUMERIC}-?[0-9]+$"), "BIGINT")
        .when(spelled.startswith(_NUMERIC), "DOUBLE")
        .when(~spelled.startswith(_STRING), "BOOLEAN")
        .when(F.contains(spelled, F.lit(f"{_NUL}1")), "LONE")
        .otherwise("STRING")
    )


def _text(spelled: Column) -> Column:
    content = F.substring(spelled, 2, MAX_PAYLOAD_BYTES)
    held = F.replace(content, F.lit(f"{_NUL}0"), F.lit(_NUL))
    return F.when(_kind(spelled).isin("BIGINT", "DOUBLE", "STRING"), held)


def _faulty(fault: Column, names: Sequence[str]) -> Column:
    nothing = F.struct(*(F.lit(None).cast("string").alias(name) for name in names))
    return F.struct(fault.alias("fault"), nothing.alias("kinds"), nothing.alias("texts"))
