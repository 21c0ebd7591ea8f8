"""The bucket policy that a ledger should have: what was written stays, and is written once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

FACTS = ("ledger.json", "keys/*", "campaigns/*", "ended/*", "relaunch/*", "launches/*", "events/*")
"""All that is never changed; ``control/`` is, and ``probe/`` is nothing."""


def bucket_policy(uri: str) -> dict[str, Any]:
    """Make the policy for the ledger at ``s3://bucket/prefix``.

    It denies deletes, and writes without ``If-None-Match`` (condition key ``s3:if-none-match``, documented; the second
    condition leaves the parts of a multipart upload alone, of which the completion carries the header).
    """
    parts = urlsplit(uri)
    base = f"arn:aws:s3:::{parts.netloc}/" + (f"{parts.path.strip('/')}/" if parts.path.strip("/") else "")
    resources = [base + name for name in FACTS]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LedgerObjectsStay",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
                "Resource": resources,
            },
            {
                "Sid": "LedgerObjectsAreWrittenOnce",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": resources,
                "Condition": {
                    "Null": {"s3:if-none-match": "true"},
                    "Bool": {"s3:ObjectCreationOperation": "true"},
                },
            },
        ],
    }
