"""Makes a bucket and says who may do what in it: three requests, signed as S3 wants it (SigV4).

Tables are read and written by Iceberg's own clients; this is for `adlake provision` alone, so no
library is worth it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from adlake.contracts.errors import AdlakeError

TIMEOUT_SECONDS: Final = 30.0
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""No proxy of the user's: the store is ours."""


class StoreError(AdlakeError):
    """The object store refuses, or does not answer."""


@dataclass(frozen=True)
class StoreClient:
    """One store, and a key that may make buckets."""

    endpoint: str
    region: str
    access_key_id: str
    secret_key: SecretStr

    def ensure_bucket(self, bucket: str) -> bool:
        """Make a bucket that is not there yet; True if it was made."""
        if self._ask("HEAD", bucket) != 404:
            return False
        status = self._ask("PUT", bucket)
        if status not in {200, 409}:
            raise StoreError(f"the object store does not make the bucket {bucket}: HTTP {status}")
        return status == 200

    def put_policy(self, bucket: str, policy: dict[str, Any]) -> None:
        """Replace what a bucket says about who may do what."""
        status = self._ask("PUT", bucket, "policy=", json.dumps(policy).encode())
        if status not in {200, 204}:
            raise StoreError(f"the object store refuses the policy of {bucket}: HTTP {status}")

    def _ask(self, method: str, bucket: str, query: str = "", body: bytes = b"") -> int:
        path = f"/{quote(bucket)}"
        url = f"{self.endpoint.rstrip('/')}{path}{'?' + query if query else ''}"
        headers = self.signed_headers(method, path, query, body, datetime.now(UTC))
        request = urllib.request.Request(  # noqa: S310 - the settings allow http(s) alone
            url, data=body or None, headers=headers, method=method
        )
        try:
            with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                if error.code in {404, 409}:
                    return error.code
                said = error.read().decode(errors="replace")[:300]
            raise StoreError(
                f"the object store refuses {method} {path} (HTTP {error.code}): {said}"
            ) from None
        except OSError as error:
            raise StoreError(
                f"the object store at {self.endpoint} does not answer "
                f"({getattr(error, 'reason', error)}): start it, or change ADLAKE_S3_ENDPOINT"
            ) from None

    def signed_headers(
        self, method: str, path: str, query: str, body: bytes, now: datetime
    ) -> dict[str, str]:
        """Headers that prove the key, for one request at one moment."""
        stamp, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
        content = hashlib.sha256(body).hexdigest()
        headers = {
            "host": urlsplit(self.endpoint).netloc,
            "x-amz-content-sha256": content,
            "x-amz-date": stamp,
        }
        names = ";".join(sorted(headers))
        listed = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = "\n".join((method, path, query, listed, names, content))
        scope = f"{day}/{self.region}/s3/aws4_request"
        asked = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, asked))
        key = b"AWS4" + self.secret_key.get_secret_value().encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
        credential = f"AWS4-HMAC-SHA256 Credential={self.access_key_id}/{scope}"
        proof = f"{credential},SignedHeaders={names},Signature={signature}"
        return {**headers, "Authorization": proof}


READS: Final = ("s3:GetObject",)
WRITES: Final = (
    *READS, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)  # fmt: skip
COMMITS: Final = (*READS, "s3:PutObject", "s3:DeleteObject")


def lake_policy(
    bucket: str, writers: Sequence[str], readers: Sequence[str], catalogs: Sequence[str] = ()
) -> dict[str, Any]:
    """Writers add and remove files, readers read them; nobody changes the bucket.

    Catalogs are servers that commit for others: they write what lies in a table's folder
    `metadata`, and cannot even read its rows.
    """
    files, itself = f"arn:aws:s3:::{bucket}/*", f"arn:aws:s3:::{bucket}"
    metadata = f"arn:aws:s3:::{bucket}/*/metadata/*"
    statements = [
        _allow([*writers, *readers], ("s3:ListBucket", "s3:GetBucketLocation"), itself),
        _allow(writers, WRITES, files),
        _allow(readers, READS, files),
        _allow(catalogs, COMMITS, metadata),
    ]
    return {"Version": "2012-10-17", "Statement": [one for one in statements if one]}


def _allow(who: Sequence[str], actions: Sequence[str], resource: str) -> dict[str, Any]:
    if not who:
        return {}
    return {
        "Effect": "Allow",
        "Principal": {"AWS": list(who)},
        "Action": list(actions),
        "Resource": resource,
    }
