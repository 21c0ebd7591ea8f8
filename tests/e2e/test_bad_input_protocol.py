"""What a launch rests on, wrong in each way: keys, the ledger's objects, its bucket, tags, the instance.

Refused in three parts, and nothing was written; what only looks wrong launches once.
"""

from __future__ import annotations

import json
from contextlib import contextmanager

import jinja2
import pytest

from connect_campaigns.core.errors import ConnectCampaignsError
from connect_campaigns.core.keys import key_hash
from connect_campaigns.core.records import SCHEMA
from connect_campaigns.operators.campaigns import CreateCampaignOperator, PreflightOperator, StartCampaignOperator
from tests.cli_kit import CommandLine
from tests.conftest import Emulator
from tests.launch_kit import INSTANCE, LEDGER, WRITES, Ran, World

SOON = {"start_after": 60, "min_launch_gap": None}
OTHER_INSTANCE = "99999999-2222-3333-4444-555555555555"
K = f"keys/{key_hash('k')}/0000.json"
CLONING = [CreateCampaignOperator, StartCampaignOperator, PreflightOperator]  # the last only checks and writes nothing


@pytest.fixture(scope="module")
def shared(emulator_process):
    """One world for all that changes nothing, which each of them asserts."""
    emulator = Emulator(emulator_process.url)
    emulator.reset()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("time.sleep", lambda _: None)
        world = World(emulator, monkeypatch)
        world.given = world.campaign(name="by hand", schedule=world.kit.schedule(24 * 3600, 48 * 3600))
        yield world


@pytest.fixture
def world(shared):
    shared.connect()
    yield shared
    shared.emulator.clear_faults()
    shared.emulator.set_settings(access={"denied": []})


@pytest.fixture
def own(emulator, monkeypatch) -> World:
    """A world that a test may change."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    return World(emulator, monkeypatch)


def changes(world: World) -> dict[str, object]:
    """What took effect so far, by the emulator's own log; the ledger's events only tell, and don't count."""
    counts = {name.partition(".")[2]: count["effects"] for name, count in world.emulator.counts().items()}
    puts = [call["params"]["Key"] for call in world.emulator.calls("PutObject") if call["effect"]]
    written = {name: number for name, number in counts.items() if name.startswith(WRITES) and name != "PutObject"}
    return {**written, "PutObject": [name for name in puts if "/events/" not in name]}


def refused(world: World, operator, code: str, *words: str, **run) -> ConnectCampaignsError:
    """Run it: the error has its code, three parts and the words; nothing was handed on, nothing was written."""
    before = changes(world)
    ran = Ran(operator, **run)
    assert changes(world) == before
    assert isinstance(ran.error, ConnectCampaignsError), ran.error
    assert ran.error.code == code
    assert all((ran.error.found, ran.error.allowed, ran.error.hint))
    for word in words:
        assert word in str(ran.error)
    assert ran.ti.xcoms == {}
    return ran.error


def start(**parameters) -> StartCampaignOperator:
    return StartCampaignOperator(task_id="t", **parameters)


# -- keys -------------------------------------------------------------------------------------------------------------

UNPRINTABLE = ["two\nlines", "nul\0", "zero\u200bwidth", "turned \u202eround", "hard\xa0space", "half \ud800", "end\n"]


@pytest.mark.parametrize("key", [*UNPRINTABLE, "k" * 1025, "None", b"bytes", True, ["k"], {"k": 1}], ids=repr)
@pytest.mark.parametrize("kind", [CreateCampaignOperator, StartCampaignOperator])
def test_a_key_that_people_can_t_read_or_nobody_meant_is_refused(world, kind, key):
    operator = kind(task_id="t", template=world.template, launch_key=key, **SOON)
    error = refused(world, operator, "InvalidInput", "launch_key", "1 to 1024 characters")
    assert len(str(error)) < 1000


@pytest.mark.parametrize(
    "rendered", ["{{ params.market }}", " {{ params.market }} ", "{{ none }}", "{{ params.gone }}"]
)
def test_a_key_that_is_empty_after_templating_is_refused(world, rendered):
    operator = start(template=world.template, launch_key=rendered, **SOON)
    operator.render_template_fields({"params": {"market": "", "gone": None}}, jinja2.Environment(autoescape=True))
    refused(world, operator, "InvalidInput", "`launch_key`", "1 to 1024 characters")


ODD = [
    "früh/日本/🎈",
    "../../ledger.json",
    "campaigns/11111111-2222-3333-4444-555555555555",
    "a'b\"c\\d",
    "100 % {x} {{ y }} %(z)s",
    "<script>alert(1)</script>",
    "arn:aws:s3:::ledger/launches",
    "two  spaces",
    "k" * 1024,
]


# -- objects of the ledger --------------------------------------------------------------------------------------------


def an(kind: str, **members) -> bytes:
    return json.dumps(
        {"kind": kind, "schema": SCHEMA, "at": "2026-12-01T00:00:00+00:00", "by": "test", **members}
    ).encode()


KEY = {"key": "k", "generation": 0, "campaign": "11111111-2222-3333-4444-555555555555"}
UNREADABLE = {
    "empty": b"",
    "no JSON": b"not json",
    "no text": b"\xff\xfe\x00",
    "cut off": an("key", **KEY)[:-20],
    "a list": b"[]",
    "nothing": b"null",
    "a number": b"7",
    "very deep": b"[" * 100_000,
    "no members": b"{}",
    "no campaign": an("key", key="k", generation=0),
    "no kind": b'{"schema": 1}',
    "another kind": an("freeze", reason="x"),
    "a newer schema": an("key", **KEY, schema=SCHEMA + 1),
    "a schema in words": an("key", **KEY, schema="one"),
    "a campaign that is a number": an("key", **{**KEY, "campaign": 5}),
    "a campaign without a name": an("key", **{**KEY, "campaign": ""}),
    "a campaign that is no id": an("key", **{**KEY, "campaign": "../x"}),
}


@contextmanager
def lying_there(world: World, name: str, body: bytes):
    """An object as somebody else might have put it, for as long as the test lasts."""
    s3, where = world.emulator.client("s3"), {"Bucket": "ledger", "Key": f"launches/{name}"}
    s3.put_object(**where, Body=body)
    try:
        yield
    finally:
        s3.delete_object(**where)


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_key_s_object_that_can_t_be_read_launches_nobody(world, body):
    name = K
    with lying_there(world, name, body):
        operator = start(template=world.template, launch_key="k", **SOON)
        refused(world, operator, "ledger_object", name, "never edit ledger objects", "'key'")


CLAIMS = ["empty", "no JSON", "no text", "a list", "very deep", "no members", "another kind", "a newer schema"]


@pytest.mark.parametrize("body", [UNREADABLE[name].replace(b'"key"', b'"claim"', 1) for name in CLAIMS], ids=CLAIMS)
def test_a_claim_that_can_t_be_read_launches_nobody(world, body):
    name = f"campaigns/{world.given}.json"
    with lying_there(world, name, body):
        refused(world, start(campaign_id=world.given, launch_key="k"), "ledger_object", name, "'claim'")


@pytest.mark.parametrize("body", [b"not json", an("key", **KEY), an("relaunch", schema=SCHEMA + 1)])
def test_a_relaunch_request_that_can_t_be_read_launches_nobody(world, body):
    """It is read where the key's launch has ended: it would say that another may begin."""
    completed = world.kit.in_state("Completed")
    name = f"relaunch/{key_hash('k')}/0001.json"
    record = {"campaign": completed, "key": "k", "generation": 0}
    with (
        lying_there(world, K, an("key", **record)),
        lying_there(world, f"campaigns/{completed}.json", an("claim", **record)),
        lying_there(world, name, body),
    ):
        refused(world, start(campaign_id=completed, launch_key="k"), "ledger_object", name)


# -- the bucket -------------------------------------------------------------------------------------------------------


RIGHTS = [(kind, right) for kind in CLONING for right in ("s3:GetObject", "s3:ListBucket")]


@pytest.mark.parametrize(("kind", "right"), [*RIGHTS, *((kind, "s3:PutObject") for kind in CLONING[:2])])
def test_a_bucket_that_refuses_is_named_with_right_and_resource_before_anything_is_made(world, kind, right):
    world.emulator.set_settings(access={"denied": [{"action": right}]})
    operator = kind(task_id="t", template=world.template, launch_key="k", **SOON)
    refused(world, operator, "access_denied", right, "arn:aws:s3:::ledger/launches/", "policy")


def test_a_bucket_that_refuses_a_given_campaign_s_launch_leaves_it_alone(world):
    world.emulator.set_settings(access={"denied": [{"action": "s3:PutObject"}]})
    refused(world, start(campaign_id=world.given, launch_key="k"), "access_denied", "s3:PutObject", "policy")
    assert world.state(world.given) == "Initialized"


def test_a_bucket_that_answers_at_another_endpoint_alone_is_told_with_its_name(world):
    """Where the SDK is sent on and ends at the same answer."""
    world.emulator.add_fault(operation="GetObject", kind="error_before", code="PermanentRedirect", status=301, times=99)
    operator = start(template=world.template, launch_key="k", **SOON)
    refused(world, operator, "PermanentRedirect", "endpoint", "arn:aws:s3:::ledger/launches/")


# -- tags, instance ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}", "arn:aws:connect-campaigns:us-east-1:123456789012:campaign/{}", "url"])
def test_a_campaign_of_another_instance_is_refused(world, form):
    world.connect(connect_instance_id=OTHER_INSTANCE)
    url = f"https://x.my.connect.aws/outbound-campaigns/v2/{INSTANCE}/{{}}/edit"
    named = {each: (url if form == "url" else form).format(each) for each in (world.given, world.template)}
    words = ("other_instance", INSTANCE, "connect_instance_id")
    refused(world, start(campaign_id=named[world.given], launch_key="k"), *words)
    for kind in CLONING:
        refused(world, kind(task_id="t", template=named[world.template], launch_key="k", **SOON), *words)


def test_a_campaign_of_another_instance_is_refused_without_a_ledger_too(world):
    world.connect(ledger=False, connect_instance_id=OTHER_INSTANCE)
    refused(world, start(campaign_id=world.given), "other_instance", INSTANCE)


# -- the run's conf ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [7, 1.5, False, "x" * 501, {"reason": "x" * 501}, {"reason": "x", "recontact": "si"}])
@pytest.mark.parametrize("kind", CLONING)
def test_a_conf_of_the_wrong_shape_is_refused_by_every_operator_that_launches(world, kind, asked):
    operator = kind(task_id="t", template=world.template, launch_key="k", **SOON)
    refused(world, operator, "InvalidInput", "conf.relaunch", conf={"relaunch": asked})


# -- the command line -------------------------------------------------------------------------------------------------


def commanded(world, monkeypatch, capsys, key: str = "k") -> tuple[int, str]:
    """Ask for a relaunch of a key: the exit code and what was said; nothing was written."""
    before = changes(world)
    command = CommandLine(monkeypatch, capsys, url=world.emulator.url)
    ended = command("relaunch", key, "--reason", "the flow was wrong", "--ledger", LEDGER)
    assert changes(world) == before
    assert "generation" not in ended.out
    assert "hint" in ended.err
    return ended.code, ended.err


@pytest.mark.parametrize("key", ["None", " k", "two\nlines", "zero\u200bwidth"], ids=repr)
def test_the_command_line_refuses_the_same_keys(world, monkeypatch, capsys, key):
    code, said = commanded(world, monkeypatch, capsys, key)
    assert (code, "1 to 1024 characters" in said) == (2, True), said


@pytest.mark.parametrize("name", ["ledger.json", K])
def test_the_command_line_refuses_a_ledger_object_that_can_t_be_read(world, monkeypatch, capsys, name):
    client, where = world.emulator.client("s3"), {"Bucket": "ledger", "Key": f"launches/{name}"}
    kept = client.get_object(**where)["Body"].read() if name == "ledger.json" else None
    with lying_there(world, name, an("ledger" if kept else "key", schema=SCHEMA + 1)):
        code, said = commanded(world, monkeypatch, capsys)
    if kept:
        client.put_object(**where, Body=kept)
    assert code != 0
    assert name in said
    assert "upgrade this package" in said


def test_the_command_line_names_the_right_that_is_missing(world, monkeypatch, capsys):
    world.emulator.set_settings(access={"denied": [{"action": "s3:GetObject"}]})
    code, said = commanded(world, monkeypatch, capsys)
    assert code == 3
    assert "s3:GetObject" in said
    assert "arn:aws:s3:::ledger/launches/" in said


# -- in worlds of their own, which empty the emulator: these come last --------------------------------------------------


def test_an_odd_key_is_a_key_like_another(own):
    """The name of its object is a hash, its tag has other characters, and the ledger's record has it as it is."""
    for number, key in enumerate(ODD, start=1):
        runs = [Ran(start(template=own.template, launch_key=key, **SOON)) for _ in range(2)]
        assert [ran.error for ran in runs] == [None, None], key
        assert [ran.launch["how"] for ran in runs] == ["started", "attach"]
        assert runs[0].value == runs[1].value
        assert own.starts == number
        assert own.hook().ledger_at(None).key(key, 0).key == key
    folders = {name.partition("/")[0] for name in own.objects()}
    assert folders == {"ledger.json", "probe", "keys", "campaigns", "launches", "events"}


def test_the_same_key_in_another_case_is_another_launch(own):
    runs = [
        Ran(start(campaign_id=own.campaign(name=key), launch_key=key))
        for key in ("Spring/FR", "spring/fr", "spring/Fr")
    ]
    assert [ran.error for ran in runs] == [None] * 3
    assert len({ran.value for ran in runs}) == own.starts == 3


def test_a_key_of_a_given_campaign_launches_no_other_and_no_clone(own):
    given, other = own.campaign(name="one"), own.campaign(name="two")
    assert Ran(start(campaign_id=given, launch_key="k")).error is None
    refused(own, start(campaign_id=other, launch_key="k"), "key_taken", given, "'k'")
    codes = {PreflightOperator: "launch_key"}  # a check says it as one of its verdicts
    for kind in CLONING:
        operator = kind(task_id="t", template=own.template, launch_key="k", **SOON)
        refused(own, operator, codes.get(kind, "key_of_another_template"), given)
    assert own.starts == 1


def test_a_key_of_a_clone_launches_no_given_campaign(own):
    clone = Ran(start(template=own.template, launch_key="k", **SOON)).value
    refused(own, start(campaign_id=own.campaign(name="by hand"), launch_key="k"), "key_taken", clone)
    assert own.starts == 1


@pytest.mark.parametrize("body", [b"", b"not json", an("key", **KEY), an("ledger", id="x", schema=SCHEMA + 1)])
def test_a_marker_that_can_t_be_read_launches_nobody(own, body):
    own.emulator.client("s3").put_object(Bucket="ledger", Key="launches/ledger.json", Body=body)
    for operator in (start(campaign_id=own.template), start(template=own.template, launch_key="k", **SOON)):
        refused(own, operator, "ledger_object", "ledger.json")


def test_a_ledger_that_lost_its_marker_is_not_taken_for_a_fresh_one(own):
    """Somebody emptied the bucket in the midst of a launch: what was launched is not known any more."""
    Ran(CreateCampaignOperator(task_id="t", template=own.template, launch_key="k", **SOON))
    s3 = own.emulator.client("s3")
    for name in own.objects():
        s3.delete_object(Bucket="ledger", Key=f"launches/{name}")
    refused(own, start(template=own.template, launch_key="k", **SOON), "ledger_marker", "ledger init", "ledger.json")
    assert own.starts == 0


def test_a_bucket_in_another_region_is_followed_there(own):
    """As boto3 does it: the ledger may lie elsewhere than the Connect instance."""
    abroad = own.emulator.client("s3", region="eu-central-1")
    abroad.create_bucket(Bucket="abroad", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    own.connect(launch_ledger="s3://abroad/launches")
    refused(own, start(template=own.template, launch_key="k", **SOON), "ledger_marker", "s3://abroad/launches")


def test_a_template_whose_tags_leave_no_room_is_refused_and_one_with_just_enough_is_not(own):
    """The service takes 50, five of which are ours."""
    tags = {f"team:{number}": "x" * 256 for number in range(46)}
    full = own.campaign(name="full", tags=tags)
    for kind in (CreateCampaignOperator, StartCampaignOperator):
        operator = kind(task_id="t", template=full, launch_key="k", **SOON)
        refused(own, operator, "too_many_tags", "51 tags", "50 tags", "take tags off")
    tags.popitem()
    ran = Ran(start(template=own.campaign(name="just", tags=tags), launch_key="k", **SOON))
    assert ran.error is None
    made = own.kit.campaigns.describe_campaign(id=ran.value)["campaign"]
    assert len(made["tags"]) == 50
