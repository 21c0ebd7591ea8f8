"""A profile's fields by the API's own names: what can be imported, what can be filtered, with which operators.

Documented: the members of ``ProfileAttributes`` in the service's model, and the operators of each of their shapes.
"""

from __future__ import annotations

import re

STRING_OPERATORS = ("INCLUSIVE", "EXCLUSIVE", "CONTAINS", "BEGINS_WITH", "ENDS_WITH")
DATE_OPERATORS = ("BEFORE", "AFTER", "BETWEEN", "NOT_BETWEEN", "ON")
NUMERIC_OPERATORS = ("GREATER_THAN", "LESS_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL", "EQUAL")
LIST_OPERATORS = ("LIST_CONTAINS", "LIST_CONTAINS_ALL")
ATTRIBUTE_OPERATORS = (*STRING_OPERATORS, *DATE_OPERATORS, *NUMERIC_OPERATORS, *LIST_OPERATORS)
PROFILE_TYPE_OPERATORS = ("INCLUSIVE", "EXCLUSIVE")

NAMES = ("FirstName", "MiddleName", "LastName")
PHONES = ("PhoneNumber", "MobilePhoneNumber", "HomePhoneNumber", "BusinessPhoneNumber")
EMAILS = ("EmailAddress", "PersonalEmailAddress", "BusinessEmailAddress")
OTHERS = ("AccountNumber", "BusinessName", "GenderString", "PartyTypeString")
ADDRESSES = ("Address", "ShippingAddress", "MailingAddress", "BillingAddress")
FILTERABLE_ADDRESS_PARTS = ("City", "Country", "County", "PostalCode", "Province", "State")
ADDRESS_PARTS = (*FILTERABLE_ADDRESS_PARTS, "Address1", "Address2", "Address3", "Address4")

FILTERABLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*NAMES, *PHONES, *EMAILS, *OTHERS, "AdditionalInformation"), STRING_OPERATORS),
    **{f"{address}.{part}": STRING_OPERATORS for address in ADDRESSES for part in FILTERABLE_ADDRESS_PARTS},
    "BirthDate": DATE_OPERATORS,
    "ProfileType": PROFILE_TYPE_OPERATORS,
}
"""The operators of each standard field that a segment can filter by; the fields not here can't be filtered."""

IMPORTABLE = (
    *NAMES,
    *PHONES,
    *EMAILS,
    *OTHERS,
    "AdditionalInformation",
    "BirthDate",
    "Gender",
    "PartyType",
    *(f"{address}.{part}" for address in ADDRESSES for part in ADDRESS_PARTS),
)
"""The standard fields that a column of a file can be mapped to."""

ATTRIBUTE_PREFIX = "Attributes."

_ALIASES = {
    "phone": "PhoneNumber",
    "telephone": "PhoneNumber",
    "mobile": "MobilePhoneNumber",
    "mobilephone": "MobilePhoneNumber",
    "cellphone": "MobilePhoneNumber",
    "homephone": "HomePhoneNumber",
    "businessphone": "BusinessPhoneNumber",
    "workphone": "BusinessPhoneNumber",
    "email": "EmailAddress",
    "personalemail": "PersonalEmailAddress",
    "businessemail": "BusinessEmailAddress",
    "givenname": "FirstName",
    "surname": "LastName",
    "familyname": "LastName",
    "dateofbirth": "BirthDate",
    "gender": "GenderString",  # the field Gender takes three words only and can't be filtered
    "partytype": "PartyTypeString",
    "zip": "Address.PostalCode",
    "zipcode": "Address.PostalCode",
    **{part.lower(): f"Address.{part}" for part in ADDRESS_PARTS},
}
_BY_WORD = {
    **{field.replace(".", "").lower(): field for field in IMPORTABLE},
    "profiletype": "ProfileType",
    **_ALIASES,
}
_MAX_LENGTH = {"AdditionalInformation": 1000}


def standard_field(word: str) -> str | None:
    """Recognise a standard field in a column's or condition's name, whatever its case and separators.

    >>> standard_field("phone_number"), standard_field("Zip Code"), standard_field("Balance")
    ('PhoneNumber', 'Address.PostalCode', None)
    """
    return _BY_WORD.get(re.sub(r"[ _.-]", "", word).lower())


def attribute_of(field: str) -> str | None:
    """Give `x` of ``Attributes.x``, and None for a standard field."""
    return field.removeprefix(ATTRIBUTE_PREFIX) if field.startswith(ATTRIBUTE_PREFIX) else None


def max_length(field: str) -> int:
    """How many characters a field holds (documented)."""
    return _MAX_LENGTH.get(field, 255)


def content_type(field: str) -> str:
    """The ``ContentType`` of a field's column in an upload job."""
    if field in PHONES:
        return "PHONE_NUMBER"
    if field in EMAILS:
        return "EMAIL_ADDRESS"
    return "NAME" if field in NAMES else "STRING"
