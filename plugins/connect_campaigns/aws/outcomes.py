"""How a call to AWS ends: a send is Accepted, Refused, Throttled or Unknown, and only Unknown is dangerous."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from botocore.parsers import ResponseParserError

from connect_campaigns.core.errors import NotSeen, ServiceRefused, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connect_campaigns.core.errors import ConnectCampaignsError


class Kind(StrEnum):
    """The four ends of a send."""

    ACCEPTED = "accepted"  # the service said 2xx
    REFUSED = "refused"  # it said 4xx: this send had no effect (an earlier one of ours may have had)
    THROTTLED = "throttled"  # it said 429: no effect, ask again later
    UNKNOWN = "unknown"  # 5xx, a broken connection, a time-out: the effect may or may not have happened


@dataclass(frozen=True)
class Outcome:
    """One send's end: its kind, the service's reply if there was one, else the error's class and text."""

    kind: Kind
    reply: dict[str, Any] | None = None
    code: str = ""
    message: str = ""
    state: str | None = None  # InvalidCampaignStateException names the campaign's state

    @property
    def accepted(self) -> bool:
        """Whether the service said yes."""
        return self.kind is Kind.ACCEPTED


THROTTLING = frozenset(
    {"ThrottlingException", "TooManyRequestsException", "Throttling", "SlowDown", "RequestLimitExceeded"}
)
CREDENTIAL_ERRORS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
ACCESS_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "Forbidden", "403"})
NOT_FOUND_CODES = frozenset({"ResourceNotFoundException", "NoSuchKey", "404"})


def classify(error: Exception) -> Outcome:
    """Turn what boto3 raised into an outcome.

    :raises Exception: the error itself where it is no failed call (a bug, wrong parameters)
    """
    if isinstance(error, ClientError):
        code = error.response["Error"].get("Code", "")
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        message = error.response["Error"].get("Message", "")
        state = error.response.get("state")
        if code in THROTTLING or status == 429:
            return Outcome(Kind.THROTTLED, code=code, message=message)
        kind = Kind.UNKNOWN if status >= 500 else Kind.REFUSED
        return Outcome(kind, code=code, message=message, state=state if isinstance(state, str) else None)
    if isinstance(error, CREDENTIAL_ERRORS):  # nothing was sent
        return Outcome(Kind.REFUSED, code=type(error).__name__, message=str(error))
    if isinstance(error, HTTPClientError | BotoConnectionError | IncompleteReadError | ResponseParserError):
        return Outcome(Kind.UNKNOWN, code=type(error).__name__, message=str(error))
    raise error


def send(call: Callable[..., Any], **params: Any) -> Outcome:
    """Make one call and say how it ended; a process's end is not caught here, nor is a bug."""
    try:
        return Outcome(Kind.ACCEPTED, reply=call(**params))
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        return classify(error)


STATE_DECIDES = frozenset({"InvalidCampaignStateException", "ConflictException"})
"""Refusals that mean: the campaign is not as it was read; its state says what is now."""


def explain(outcome: Outcome, *, action: str, resource: str) -> ConnectCampaignsError:
    """Make the error for a call that did not go through, naming action and resource.

    :param action: the IAM action, as ``connect-campaigns:DescribeCampaign``
    :param resource: what it was asked of, in the service's words
    """
    found = f"`{action}` on {resource}: {outcome.code}: {outcome.message}"
    if outcome.kind is Kind.THROTTLED:
        return ServiceUnavailable(
            found,
            allowed="the service's request rate for this account and Region",
            hint="retry later; other callers of this account share the rate",
            code="throttled",
        )
    if outcome.kind is Kind.UNKNOWN:
        return NotSeen(
            found,
            allowed="an answer from the service",
            hint="retry; look at endpoint, network and service health",
            code="not_seen",
        )
    if outcome.code in ACCESS_DENIED:
        return ServiceRefused(
            found,
            allowed=f"a role that may `{action}` on {resource}",
            hint=f"add `{action}` to the policy of the connection's role",
            code="access_denied",
        )
    if outcome.code in EXPIRED:
        return NotSeen(
            found,
            allowed="credentials that have not expired",
            hint="renew the connection's credentials, then retry",
            code="expired_credentials",
        )
    if outcome.code in {each.__name__ for each in _with_subclasses(CREDENTIAL_ERRORS)}:
        return NotSeen(
            found,
            allowed="credentials of this connection that AWS takes",
            hint="look at the connection's login, profile or role; log in to SSO again; then retry",
            code="no_credentials",
        )
    return ServiceRefused(
        found,
        allowed="a request that the service accepts",
        hint="the service's own text says what to change",
        code=outcome.code,
    )


def _with_subclasses(classes: Iterable[type]) -> set[type]:
    found = set(classes)
    for each in classes:
        found |= _with_subclasses(each.__subclasses__())
    return found
