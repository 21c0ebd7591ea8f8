"""Errors that a handler answers with: the service's own, named as in its model."""

from __future__ import annotations

VALIDATION = "ValidationException"
CONFLICT = "ConflictException"
INVALID_STATE = "InvalidCampaignStateException"
NOT_FOUND = "ResourceNotFoundException"
QUOTA = "ServiceQuotaExceededException"
BAD_REQUEST = "BadRequestException"
INVALID_PARAMETER = "InvalidParameterException"
INVALID_REQUEST = "InvalidRequestException"

ACCESS_DENIED = "AccessDeniedException"
THROTTLING = "ThrottlingException"

COMMON: dict[str, tuple[int, str]] = {
    "ExpiredTokenException": (403, "The security token included in the request is expired"),
    "UnrecognizedClientException": (403, "The security token included in the request is invalid."),
    "InvalidSignatureException": (
        403,
        "The request signature we calculated does not match the signature you provided.",
    ),
    "InternalFailure": (500, "The request processing has failed because of an unknown error, exception or failure."),
    "ServiceUnavailable": (503, "The request has failed due to a temporary failure of the server."),
}
"""Errors that every AWS service may answer with and none models: status and text (documented)."""

S3: dict[str, tuple[int, str]] = {
    "AccessDenied": (403, "Access Denied"),
    "ConditionalRequestConflict": (409, "A conflicting conditional operation occurred during the request."),
    "ExpiredToken": (400, "The provided token has expired."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "OperationAborted": (409, "A conflicting conditional operation is currently in progress against this resource."),
    "PermanentRedirect": (
        301,
        (
            "The bucket you are attempting to access must be addressed using the specified endpoint. "
            "Please send all future requests to this endpoint."
        ),
    ),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
    "RequestTimeout": (400, "Your socket connection to the server was not read from or written to in time."),
    "ServiceUnavailable": (503, "Service is unable to handle request."),
    "SlowDown": (503, "Please reduce your request rate."),
}
"""S3's own errors: status and text (documented)."""


class Refusal(Exception):
    """An answer that no service models: an unknown path, an operation that isn't here, expired credentials."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class ServiceError(Exception):
    """An error reply as the service models it.

    :param code: name of an error shape of the service; an unknown name is a bug of ours: 500, counted.
    :param message: what was found, what is allowed, what to do.
    :param members: the shape's other members (`state=...`), attributes here: that is where moto's serializer looks.
    """

    def __init__(self, code: str, message: str, **members: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members
        for name, value in members.items():
            setattr(self, name, value)
