"""Functions, their code, and where they run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from deploy.simulator.conditions import PLAIN as AT_ONCE
from engine.errors import OperationError
from modules.aws_lambda import arns
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_lambda.scene import (
    FIRST,
    PLAIN,
    ROLE,
    SECOND,
    actions,
    function,
    make,
    names,
    zipped,
)

_GROUP = "INSERT INTO security_group (group_name, description) VALUES ('g', 'd');"
_IN_VPC = (
    "UPDATE lambda_function SET subnets = (SELECT array_agg(subnet_id) FROM subnet);"
    "INSERT INTO lambda_function_security_groups SELECT f.id, g.id FROM lambda_function AS f, security_group "
    "AS g WHERE g.group_name = 'g';"
)
_EVERY = (
    ROLE + _GROUP + "INSERT INTO log_group (log_group_name) VALUES ('/functions/f');"
    "INSERT INTO queue (name) VALUES ('dead');"
    "INSERT INTO lambda_function (name, description, architecture, runtime, handler, s3_bucket, s3_key, "
    "s3_object_version, role_name, memory_size, timeout, ephemeral_storage_size, environment, kms_key_arn, "
    "layers, tracing_mode, log_group_name, dead_letter_queue_id, reserved_concurrent_executions, tags) "
    "SELECT 'f', 'Does it', 'arm64', 'python3.13', 'index.handler', 'builds', '1.zip', 'v', 'r', 256, 30, "
    "1024, "
    '\'{"LEVEL": "debug", "SIZE": 3}\', \'arn:aws:kms:us-east-1:123456789012:key/k\', '
    "'{LAYER}', 'Active', '/functions/f', id, 5, '{\"team\": \"x\"}' FROM queue;" + _IN_VPC
)


@pytest.fixture
def builds(simulator: Cloud) -> Any:
    """A bucket with two builds."""
    s3 = simulator.client("s3")
    s3.create_bucket(Bucket="builds")
    for number in (1, 2):
        s3.put_object(Bucket="builds", Key=f"{number}.zip", Body=zipped(f"handler = {number}"))
    return s3


@pytest.fixture
def layer(aws: Any) -> str:
    """A version of a layer."""
    made = aws.publish_layer_version(LayerName="l", Content={"ZipFile": zipped("x = 1")})
    return str(made["LayerVersionArn"])


async def test_functions_are_imported_and_stay_as_they_are(session: Session, aws: Any) -> None:
    make(aws)
    make(aws, "g", Environment={"Variables": {"A": "1"}}, Tags={"team": "x"}, MemorySize=512)
    aws.put_function_concurrency(FunctionName="g", ReservedConcurrentExecutions=0)
    before = [function(aws, name) for name in "fg"]
    await session("iasql_install", "aws_lambda")
    assert await session.rows(
        "SELECT name, package_type::text, architecture::text, runtime, handler, role_name, memory_size, "
        "environment::text, tags::text, reserved_concurrent_executions, s3_key, zip_b64, image_uri, "
        "log_group_name, dead_letter_target_arn, subnets FROM lambda_function ORDER BY name"
    ) == [
        ("f", "Zip", "x86_64", "python3.13", "index.handler", "there", 128, None, "{}", *[None] * 7),
        (
            *("g", "Zip", "x86_64", "python3.13", "index.handler", "there", 512),
            *('{"A": "1"}', '{"team": "x"}', 0, *[None] * 6),
        ),
    ]
    told = [each["Configuration"]["CodeSha256"] for each in before]
    assert await session.rows("SELECT code_sha256 FROM lambda_function ORDER BY name") == [(s,) for s in told]
    assert await session.apply() == []
    assert [function(aws, name) for name in "fg"] == before


async def test_every_attribute_of_a_function_is_sent(
    installed: Session, aws: Any, builds: Any, layer: str
) -> None:
    await installed.execute(_EVERY.replace("LAYER", layer))
    made = {row[1] for row in await installed.apply()}
    assert made == {"role", "security_group", "log_group", "queue", "lambda_function"}
    told = function(aws)
    found = told["Configuration"]
    assert found["CodeSha256"] == await installed.value("SELECT code_sha256 FROM lambda_function")
    assert (found["Description"], found["Architectures"]) == ("Does it", ["arm64"])
    assert (found["Runtime"], found["Handler"]) == ("python3.13", "index.handler")
    assert found["Role"] == await installed.value("SELECT arn FROM role WHERE role_name = 'r'")
    assert (found["MemorySize"], found["Timeout"], found["EphemeralStorage"]) == (256, 30, {"Size": 1024})
    assert found["Environment"] == {"Variables": {"LEVEL": "debug", "SIZE": "3"}}
    assert found["KMSKeyArn"].endswith("key/k")
    assert [each["Arn"] for each in found["Layers"]] == [layer]
    assert found["TracingConfig"] == {"Mode": "Active"}
    assert found["LoggingConfig"]["LogGroup"] == "/functions/f"
    assert found["DeadLetterConfig"]["TargetArn"] == await installed.value("SELECT arn FROM queue")
    assert set(found["VpcConfig"]["SubnetIds"]) == set(
        await installed.value("SELECT array_agg(subnet_id) FROM subnet")
    )
    assert found["VpcConfig"]["SecurityGroupIds"] == [
        await installed.value("SELECT group_id FROM security_group WHERE group_name = 'g'")
    ]
    assert told["Tags"] == {"team": "x"}
    assert told["Concurrency"] == {"ReservedConcurrentExecutions": 5}


async def test_what_can_be_changed_is_changed_in_place(
    installed: Session, aws: Any, builds: Any, layer: str
) -> None:
    await installed.execute(PLAIN + _GROUP + ROLE + "INSERT INTO queue (name) VALUES ('dead');")
    await installed.apply()
    arn = function(aws)["Configuration"]["FunctionArn"]
    await installed.execute(
        "INSERT INTO log_group (log_group_name) VALUES ('/functions/f');"
        "UPDATE lambda_function SET description = 'd', runtime = 'python3.12', handler = 'index.other', "
        "role_name = 'r', memory_size = 1024, timeout = 60, ephemeral_storage_size = 2048, "
        "environment = '{\"A\": \"1\"}', kms_key_arn = 'arn:aws:kms:us-east-1:123456789012:key/k', "
        f"layers = ARRAY['{layer}'], tracing_mode = 'Active', log_group_name = '/functions/f', "
        "dead_letter_queue_id = (SELECT id FROM queue), reserved_concurrent_executions = 0, "
        'tags = \'{"a": "b"}\';' + _IN_VPC
    )
    assert await actions(installed, "lambda_function") == [("update", "lambda_function")]
    told = function(aws)
    found = told["Configuration"]
    assert (found["FunctionArn"], found["Description"], found["Handler"]) == (arn, "d", "index.other")
    assert (found["Runtime"], found["MemorySize"], found["Timeout"]) == ("python3.12", 1024, 60)
    assert (found["EphemeralStorage"], found["TracingConfig"]) == ({"Size": 2048}, {"Mode": "Active"})
    assert (found["Environment"], found["KMSKeyArn"][-1]) == ({"Variables": {"A": "1"}}, "k")
    assert found["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/functions/f"}
    assert found["DeadLetterConfig"]["TargetArn"].endswith(":dead")
    assert len(found["VpcConfig"]["SecurityGroupIds"]) == 1
    assert (told["Concurrency"], told["Tags"]) == ({"ReservedConcurrentExecutions": 0}, {"a": "b"})
    await installed.execute(
        "DELETE FROM lambda_function_security_groups; UPDATE lambda_function SET description = NULL, "
        "environment = NULL, kms_key_arn = NULL, layers = NULL, dead_letter_queue_id = NULL, subnets = NULL, "
        "reserved_concurrent_executions = NULL, tags = '{}'"
    )
    assert await actions(installed) == [("update", "lambda_function")]
    told = function(aws)
    found = told["Configuration"]
    assert not {"Environment", "KMSKeyArn", "DeadLetterConfig"} & found.keys()
    assert (found["Description"], found["Layers"]) == ("", [])
    assert found["VpcConfig"] == {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""}
    assert not {"Concurrency", "Tags"} & told.keys()
    assert found["LoggingConfig"]["LogGroup"] == "/functions/f"


async def test_a_change_of_one_attribute_sends_no_other(
    installed: Session, aws: Any, simulator: Cloud, layer: str, builds: Any
) -> None:
    await installed.execute(_EVERY.replace("LAYER", layer))
    await installed.apply()
    before = function(aws)
    await installed.execute("UPDATE lambda_function SET memory_size = 512")
    assert await actions(installed) == [("update", "lambda_function")]
    after = function(aws)
    assert after["Configuration"] == before["Configuration"] | {"MemorySize": 512}
    assert simulator.called("UpdateFunctionCode") == 0
    await installed.execute(
        "DELETE FROM lambda_function_security_groups; UPDATE lambda_function SET subnets = NULL"
    )
    await installed.apply()
    assert function(aws)["Configuration"]["LoggingConfig"] == before["Configuration"]["LoggingConfig"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (f"zip_b64 = '{SECOND}'", "handler = None"),
        ("zip_b64 = NULL, s3_bucket = 'builds', s3_key = '1.zip'", "handler = 1"),
    ],
)
async def test_other_code_is_deployed(
    installed: Session, aws: Any, simulator: Cloud, builds: Any, change: str, text: str
) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    before = function(aws)["Configuration"]
    await installed.execute(f"UPDATE lambda_function SET {change}")
    assert await actions(installed) == [("update", "lambda_function")]
    after = function(aws)["Configuration"]
    same = make(aws, "same", Code={"ZipFile": zipped(text)})
    assert after["CodeSha256"] == same["CodeSha256"] != before["CodeSha256"]
    assert await installed.value("SELECT code_sha256 FROM lambda_function") == after["CodeSha256"]
    assert simulator.called("UpdateFunctionConfiguration") == 0


async def test_code_is_fetched_again_when_a_row_asks_for_it(
    installed: Session, aws: Any, builds: Any
) -> None:
    await installed.execute(
        PLAIN + "UPDATE lambda_function SET zip_b64 = NULL, s3_bucket = 'builds', s3_key = '1.zip'"
    )
    await installed.apply()
    builds.put_object(Bucket="builds", Key="1.zip", Body=zipped("handler = 3"))
    assert await installed.apply() == []
    before = function(aws)["Configuration"]["CodeSha256"]
    await installed.execute("UPDATE lambda_function SET force_new_deployment = true")
    assert [row[:2] for row in await installed.apply()] == [("update", "lambda_function")]
    assert function(aws)["Configuration"]["CodeSha256"] != before
    assert await installed.value("SELECT force_new_deployment FROM lambda_function") is False


async def test_code_that_somebody_else_has_deployed_stays(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    aws.update_function_code(FunctionName="f", ZipFile=zipped("handler = None"))
    deployed = function(aws)["Configuration"]["CodeSha256"]
    await installed.execute("UPDATE lambda_function SET memory_size = 256")
    assert await actions(installed) == [("update", "lambda_function")]
    assert function(aws)["Configuration"]["CodeSha256"] == deployed
    assert await installed.value("SELECT code_sha256 FROM lambda_function") == deployed
    assert await installed.value("SELECT zip_b64 FROM lambda_function") == FIRST


async def test_a_function_that_was_there_gets_code_from_its_row(
    session: Session, aws: Any, builds: Any
) -> None:
    make(aws)
    before = function(aws)["Configuration"]["CodeSha256"]
    await session("iasql_install", "aws_lambda")
    await session.execute("UPDATE lambda_function SET s3_bucket = 'builds', s3_key = '2.zip'")
    assert await actions(session) == [("update", "lambda_function")]
    assert function(aws)["Configuration"]["CodeSha256"] != before
    await session.execute("UPDATE lambda_function SET s3_bucket = NULL, s3_key = NULL")
    assert await session("iasql_plan_apply") == []


async def test_another_architecture_comes_with_the_code(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    await installed.execute("UPDATE lambda_function SET architecture = 'arm64'")
    assert await actions(installed) == [("update", "lambda_function")]
    assert function(aws)["Configuration"]["Architectures"] == ["arm64"]


async def test_images_are_run_and_told(installed: Session, aws: Any) -> None:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"
    await installed.execute(
        "INSERT INTO lambda_function (name, package_type, image_uri, role_name) "
        f"VALUES ('f', 'Image', '{image}', 'there')"
    )
    await installed.apply()
    assert function(aws)["Code"]["ImageUri"] == image
    aws.update_function_code(FunctionName="f", ImageUri=image.replace(":1", ":2"))
    await installed("iasql_sync")
    assert await installed.value("SELECT image_uri FROM lambda_function") == image.replace(":1", ":2")
    await installed.execute(f"UPDATE lambda_function SET image_uri = '{image}'")
    assert await actions(installed) == [("update", "lambda_function")]
    assert function(aws)["Code"]["ImageUri"] == image


async def test_code_and_environments_are_neither_shown_nor_recorded(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + 'UPDATE lambda_function SET environment = \'{"A": "hush"}\'')
    shown = [await installed("iasql_diff")]
    await installed.apply()
    aws.update_function_configuration(FunctionName="f", Environment={"Variables": {"A": "hush hush"}})
    shown.append(await installed("iasql_drift"))
    shown.append(await installed("iasql_plan_sync"))
    await installed("iasql_sync")
    assert await installed.value("SELECT environment FROM lambda_function") == '{"A": "hush hush"}'
    await installed.execute(f"UPDATE lambda_function SET environment = '{{}}', zip_b64 = '{SECOND}'")
    shown.append(await installed("iasql_diff"))
    await installed("iasql_apply")
    shown.append(await installed.rows("SELECT s::text FROM iasql.iasql_step AS s"))
    shown.append(await installed.rows("SELECT o::text FROM iasql.iasql_operation AS o"))
    told = str(shown) + str(installed.notices)
    assert told.count("***") >= 4
    assert not [each for each in ("hush", FIRST[:40], SECOND[:40]) if each in told]


async def test_an_environment_that_both_sides_have_changed_is_no_message(
    installed: Session, aws: Any
) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    aws.update_function_configuration(FunctionName="f", Environment={"Variables": {"A": "their hush"}})
    await installed.execute('UPDATE lambda_function SET environment = \'{"A": "our hush"}\'')
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    told = (*vars(refused.value).values(), refused.value, installed.notices)
    assert "environment" in str(told)
    assert "hush" not in str(told)


async def test_another_name_is_another_function_with_all_that_the_old_one_had(
    installed: Session, aws: Any, simulator: Cloud, layer: str, builds: Any
) -> None:
    await installed.execute(_EVERY.replace("LAYER", layer))
    await installed.apply()
    aws.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    aws.put_runtime_management_config(FunctionName="f", UpdateRuntimeOn="FunctionUpdate")
    aws.put_function_recursion_config(FunctionName="f", RecursiveLoop="Allow")
    aws.update_function_configuration(
        FunctionName="f", LoggingConfig={"LogFormat": "JSON", "LogGroup": "/functions/f"}
    )
    before = function(aws)
    await installed.execute("UPDATE lambda_function SET name = 'other'")
    assert await actions(installed) == [("replace", "lambda_function")]
    assert names(aws) == {"other"}
    after = function(aws, "other")
    own = {"FunctionName": "other", "FunctionArn": before["Configuration"]["FunctionArn"][:-1] + "other"}
    assert after["Configuration"] == before["Configuration"] | own
    assert (after["Tags"], after["Concurrency"]) == (before["Tags"], before["Concurrency"])
    invoked = aws.get_function_event_invoke_config(FunctionName="other")
    assert invoked["MaximumRetryAttempts"] == 1
    runtime = aws.get_runtime_management_config(FunctionName="other")
    assert runtime["UpdateRuntimeOn"] == "FunctionUpdate"
    assert aws.get_function_recursion_config(FunctionName="other")["RecursiveLoop"] == "Allow"


async def test_what_another_name_loses_is_said_first(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    aws.publish_version(FunctionName="f")
    aws.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")
    await installed.execute("UPDATE lambda_function SET name = 'other'")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    told = f"{refused.value} {refused.value.detail}"
    assert "its versions" in told
    assert "its URLs" in told
    assert names(aws) == {"f"}


async def test_a_function_whose_code_no_row_has_is_not_made_again(session: Session, aws: Any) -> None:
    make(aws)
    await session("iasql_install", "aws_lambda")
    await session.execute("UPDATE lambda_function SET name = 'other'")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert "provide a source for function code" in str(refused.value.detail)
    assert "where the code is" in str(refused.value.hint)
    assert names(aws) == {"f"}


async def test_the_package_type_of_a_function_stays(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    await installed.execute(
        "UPDATE lambda_function SET package_type = 'Image', zip_b64 = NULL, runtime = NULL, handler = NULL, "
        "image_uri = '123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1'"
    )
    with pytest.raises(OperationError, match="cannot be changed in package_type") as refused:
        await installed("iasql_apply")
    assert "no two functions have one name" in str(refused.value.detail)
    assert names(aws) == {"f"}


async def test_code_that_is_refused_leaves_the_configuration_as_it_was(
    installed: Session, aws: Any, builds: Any
) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    before = function(aws)
    await installed.execute(
        'UPDATE lambda_function SET environment = \'{"A": "1"}\', timeout = 9, zip_b64 = NULL, '
        "s3_bucket = 'builds', s3_key = 'none.zip', description = 'd'"
    )
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "NoSuchKey" in str(refused.value.detail)
    assert function(aws) == before
    await installed.execute("UPDATE lambda_function SET s3_key = '1.zip'")
    assert await actions(installed) == [("update", "lambda_function")]
    assert function(aws)["Configuration"]["Timeout"] == 9


async def test_what_aws_refuses_makes_no_function(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + "UPDATE lambda_function SET timeout = 901")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.table == "lambda_function"
    assert names(aws) == set()
    with pytest.raises(asyncpg.CheckViolationError):
        await installed.execute("UPDATE lambda_function SET s3_bucket = 'b', s3_key = 'k'")
    with pytest.raises(asyncpg.DataError):
        await installed.execute("UPDATE lambda_function SET zip_b64 = '?'")


async def test_a_function_is_made_changed_and_removed_with_its_role_in_aws_own_time(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    simulator.be(replace(AT_ONCE, unseen=1.5, pending=1.5, lingering=1.5))
    await installed.execute(ROLE + PLAIN.replace("'there'", "'r'") + _GROUP + _IN_VPC)
    assert {row[1] for row in await installed.apply()} == {"role", "security_group", "lambda_function"}
    await installed.execute(f"UPDATE lambda_function SET memory_size = 256, zip_b64 = '{SECOND}'")
    assert await actions(installed) == [("update", "lambda_function")]
    await installed.execute(
        "DELETE FROM lambda_function; DELETE FROM role WHERE role_name = 'r'; "
        "DELETE FROM security_group WHERE group_name = 'g'"
    )
    assert {row[:2] for row in await installed.apply()} == {
        ("delete", each) for each in ("role", "security_group", "lambda_function")
    }
    assert names(aws) == set()


async def test_a_function_takes_another_group_before_its_old_one_goes(installed: Session, aws: Any) -> None:
    await installed.execute(PLAIN + _GROUP + _IN_VPC)
    await installed.apply()
    await installed.execute("UPDATE security_group SET group_name = 'other' WHERE group_name = 'g'")
    assert ("replace", "security_group") in await actions(installed)
    new = await installed.value("SELECT group_id FROM security_group WHERE group_name = 'other'")
    assert function(aws)["Configuration"]["VpcConfig"]["SecurityGroupIds"] == [new]


def test_a_copy_of_a_function_at_the_edge_is_told_from_the_function() -> None:
    main = "arn:aws:lambda:us-east-1:123456789012:function:f"
    told = {
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:us-east-1_f",
        "MasterArn": f"{main}:2",
    }
    assert arns.replica_of(told) == f"Lambda@Edge function {main}"
    assert arns.replica_of({"FunctionArn": main, "MasterArn": f"{main}:2"}) is None
    assert arns.replica_of({"FunctionArn": main}) is None


async def test_an_environment_that_aws_cannot_decrypt_is_not_written_over(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    kms = simulator.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    await installed.execute(
        PLAIN + f"UPDATE lambda_function SET environment = '{{\"A\": \"1\"}}', kms_key_arn = '{key}'"
    )
    await installed.apply()
    await installed.execute('UPDATE lambda_function SET environment = \'{"A": "2"}\'')
    kms.disable_key(KeyId=key.rpartition("/")[2])
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert "environment" in str(refused.value)
    assert simulator.called("UpdateFunctionConfiguration") == 0
    kms.enable_key(KeyId=key.rpartition("/")[2])
    assert await actions(installed) == [("update", "lambda_function")]
    assert function(aws)["Configuration"]["Environment"] == {"Variables": {"A": "2"}}


async def test_functions_of_another_region_are_in_another_schema(
    installed: Session, aws: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "eu-west-1")
    await installed.execute("SET search_path = eu_west_1, public")
    await installed("iasql_install", "aws_lambda")
    await installed.execute("SET search_path = public")
    await installed.execute(PLAIN.replace("INTO lambda", "INTO eu_west_1.lambda"))
    assert [row[0] for row in await installed.apply()] == ["create"]
    assert names(aws) == set()
    assert names(simulator.at("eu-west-1").client("lambda")) == {"f"}
