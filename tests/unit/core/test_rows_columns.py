"""Columns to fields: what is recognised, renamed, added, left out and refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_campaigns.core.columns import describe_mapping, map_columns, safe_names
from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.fields import standard_field


def targets(header, **options):
    return map_columns(header, key_column=header[0], **options).targets


def test_recognised_headers_go_to_standard_fields_and_all_others_to_attributes():
    header = ["customer_id", "phone", "First_Name", "EMAIL", "zip", "Country", "gender", "Balance"]
    assert targets(header) == {
        "customer_id": "Attributes.customer_id",
        "phone": "PhoneNumber",
        "First_Name": "FirstName",
        "EMAIL": "EmailAddress",
        "zip": "Address.PostalCode",
        "Country": "Address.Country",
        "gender": "GenderString",
        "Balance": "Attributes.Balance",
    }


def test_the_upload_jobs_fields_have_source_target_and_content_type():
    mapping = map_columns(["id", "phone", "email", "last_name"], key_column="id")
    assert mapping.fields == {
        "id": {"Source": "_source.id", "Target": "_profile.Attributes.id", "ContentType": "STRING"},
        "phone": {"Source": "_source.phone", "Target": "_profile.PhoneNumber", "ContentType": "PHONE_NUMBER"},
        "email": {"Source": "_source.email", "Target": "_profile.EmailAddress", "ContentType": "EMAIL_ADDRESS"},
        "last_name": {"Source": "_source.last_name", "Target": "_profile.LastName", "ContentType": "NAME"},
    }
    assert mapping.key.sent == "id"


def test_named_columns_are_sent_with_the_key_and_the_others_stay_out():
    mapping = map_columns(
        ["a.b", "id", "mobile", "x"], key_column="id", columns={"mobile": "_profile.MobilePhoneNumber"}
    )
    assert mapping.targets == {"id": "Attributes.id", "mobile": "MobilePhoneNumber"}
    assert mapping.left_out == ("a.b", "x")


def test_unusable_headers_are_renamed_when_asked_and_both_names_find_them():
    header = ["id", "Marital (Status)", "a.b", "a.b", ""]
    mapping = map_columns(header, key_column="id", rename=True)
    assert [column.sent for column in mapping.columns] == ["id", "Marital_Status", "a_b", "a_b_2", "column_5"]
    for name in ("Marital (Status)", "Marital_Status"):
        assert map_columns(header, key_column=name, rename=True).key.sent == "Marital_Status"


def test_an_audience_run_is_a_column_of_its_own():
    mapping = map_columns(["id"], key_column="id", audience_run="2026-12-01")
    assert mapping.targets == {"id": "Attributes.id", "audience_run": "Attributes.audience_run"}


def test_the_mapping_is_described_for_people():
    header = ["id", "Marital (Status)", "note"]
    given_columns = {"Marital (Status)": "Attributes.marital"}
    mapping = map_columns(header, key_column="id", columns=given_columns, rename=True, audience_run="r1")
    assert describe_mapping(mapping).splitlines() == [
        "id                                         →  Attributes.id  (key)",
        "Marital (Status) (sent as Marital_Status)  →  Attributes.marital",
        "audience_run                               →  Attributes.audience_run  (made here, 'r1' in every row)",
        "left out: note",
    ]


ID = {"key_column": "id"}
REFUSED = {
    "unknown key": (["id", "name"], {"key_column": "ID_"}, "unknown_column", "perhaps `id`"),
    "unknown column": (["id", "Balance"], {**ID, "columns": {"Balanse": "Attributes.b"}}, "unknown_column", "Balance"),
    "no columns": (["id"], {**ID, "columns": {}}, "InvalidInput", "leave `columns` out"),
    "unknown field": (["id"], {**ID, "columns": {"id": "Fistname"}}, "unknown_field", "perhaps `FirstName`"),
    "field no text": (["id"], {**ID, "columns": {"id": 5}}, "unknown_field", "Attributes.id"),
    "attribute without name": (["id"], {**ID, "columns": {"id": "Attributes."}}, "unknown_field", "Attributes"),
    "empty header": (["id", ""], ID, "header", 'rename_columns="safe"'),
    "blank header": (["id", " "], ID, "header", 'rename_columns="safe"'),
    "dotted header": (["id", "a.b"], ID, "header", 'rename_columns="safe"'),
    "spaced header": (["id", "a b"], ID, "header", 'rename_columns="safe"'),
    "long header": (["id", "x" * 65], ID, "header", 'rename_columns="safe"'),
    "repeated header": (["id", "a", "a"], ID, "header", 'rename_columns="safe"'),
    "repeated key": (["id", "id"], ID, "duplicate_header", 'rename_columns="safe"'),
    "26 columns": ([*"abcdefghijklmnopqrstuvwxyz"], {"key_column": "a"}, "too_many_columns", "columns="),
    "25 and one added": (
        [f"c{i}" for i in range(25)],
        {"key_column": "c1", "audience_run": "r"},
        "too_many_columns",
        "",
    ),
    "one field twice": (["id", "phone", "telephone"], ID, "target_twice", "Attributes.telephone"),
    "audience_run twice": (["id", "audience_run"], {**ID, "audience_run": "r"}, "InvalidInput", "leave"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_columns_that_cannot_be_sent_are_refused(case):
    header, options, code, hint = REFUSED[case]
    with pytest.raises(InvalidInput) as caught:
        map_columns(header, **options)
    assert caught.value.code == code
    assert caught.value.found
    assert caught.value.allowed
    assert hint in caught.value.hint


@given(st.lists(st.text(max_size=70), min_size=1, max_size=30))
def test_safe_names_are_usable_unique_and_keep_what_was_usable(header):
    names = safe_names(header)
    assert len(set(names)) == len(names) == len(header)
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) for name in names)
    assert set(names) >= {name for name in header if re.fullmatch("[a-zA-Z0-9_-]{1,64}", name)}


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("PhoneNumber", "PhoneNumber"),
        ("phone number", "PhoneNumber"),
        ("Shipping.Address-City", "ShippingAddress.City"),
        ("date_of_birth", "BirthDate"),
        ("Contact", None),
        ("", None),
    ],
)
def test_a_standard_field_is_recognised_whatever_case_and_separators(word, field):
    assert standard_field(word) == field
