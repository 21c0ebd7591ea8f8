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
