"""The vocabulary of a profile: its fields by the API's names, which are also the names of their columns."""

from __future__ import annotations

import re

ADDITIONAL_INFORMATION = "AdditionalInformation"
TEXT_FIELDS = (
    "AccountNumber",
    ADDITIONAL_INFORMATION,
    "BusinessName",
    "FirstName",
    "MiddleName",
    "LastName",
    "BirthDate",
    "PhoneNumber",
    "MobilePhoneNumber",
    "HomePhoneNumber",
    "BusinessPhoneNumber",
    "EmailAddress",
    "PersonalEmailAddress",
    "BusinessEmailAddress",
    "PartyTypeString",
    "GenderString",
)
ENUM_FIELDS = {
    "Gender": ("MALE", "FEMALE", "UNSPECIFIED"),
    "PartyType": ("INDIVIDUAL", "BUSINESS", "OTHER"),
    "ProfileType": ("ACCOUNT_PROFILE", "PROFILE"),
}
ENUM_COPIES = {"Gender": "GenderString", "PartyType": "PartyTypeString"}
ADDRESSES = ("Address", "ShippingAddress", "MailingAddress", "BillingAddress")
ADDRESS_PARTS = (
    "Address1",
    "Address2",
    "Address3",
    "Address4",
    "City",
    "County",
    "State",
    "Province",
    "Country",
    "PostalCode",
)
ADDRESS_FIELDS = tuple(f"{address}.{part}" for address in ADDRESSES for part in ADDRESS_PARTS)
STANDARD_FIELDS = (*TEXT_FIELDS, *ENUM_FIELDS, *ADDRESS_FIELDS)

ATTRIBUTES = "Attributes"
MAX_VALUE_LENGTH = 255
MAX_ADDITIONAL_LENGTH = 1000

_KNOWN = frozenset(STANDARD_FIELDS)
_ATTRIBUTE = re.compile(r"Attributes\.(.{1,255})", re.DOTALL)


def attribute_name(field: str) -> str | None:
    """Return `x` for `Attributes.x`, and None for a field that is no custom attribute."""
    match = _ATTRIBUTE.fullmatch(field)
    return match[1] if match else None


def is_field(field: str) -> bool:
    """Return whether a profile can have this field: a standard one by its path, or `Attributes.x`."""
    return field in _KNOWN or attribute_name(field) is not None


def max_length(field: str) -> int:
    """Return how many characters the field holds (documented in the API's model)."""
    return MAX_ADDITIONAL_LENGTH if field == ADDITIONAL_INFORMATION else MAX_VALUE_LENGTH
