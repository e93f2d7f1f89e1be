"""For random accounts and random rows: what an apply, a sync and their plans promise."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings
from hypothesis import strategies as st

from engine.errors import OperationError
from engine.plan import descriptions
from engine.plan.base import State
from engine.plan.call_groups import sharing
from engine.plan.diff import comparable
from engine.plan.layout import Place
from engine.plan.meet import Name, meet
from engine.plan.model import Change, Desired, Found, Plan, Row, Values
from engine.plan.three_way import is_pending
from engine.request import Scope
from modules.spec import Column, EnumType, OnChange, Resource
from modules.spec.names import bare, in_schema, schema_of
from tests.engine.world import BOTH, CATALOGUE, RESOURCE, World, region_mark

Draw = Callable[[st.SearchStrategy[Any]], Any]
_SETTINGS = settings(
    max_examples=200,
    deadline=None,
    # A world that fails is made smaller, and not explained line by line: that takes longer than a test may.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
#: Making a world smaller takes five minutes at most.
pytestmark = pytest.mark.timeout(900)
_NAMES = st.sampled_from(["a", "b", "c"])
_MAYBE = st.booleans()


class _Rows(dict[str, list[Row]]):
    """The rows that a place's rows can refer to, by the names that tables have there.

    Attributes:
        schema: the place's.
    """

    def __init__(self, world: World, table: str) -> None:
        self.schema = schema_of(table)
        names = ((bare(each.table), each) for each in world.resources)
        super().__init__(
            (name, world.rows[each.table])
            for name, each in names
            if each.is_global or schema_of(each.table) == self.schema
        )


def _values(table: str, draw: Draw, rows: _Rows) -> dict[str, Any] | None:
    """Random values of a new row; None if what it has to refer to is not there."""
    table = bare(table)

    def some(other: str, *, optional: bool = False) -> Any:
        keys = [row.key[0] for row in rows[other]]
        if optional:
            keys.append(None)
        return draw(st.sampled_from(keys)) if keys else None

    match table:
        case "dhcp_options":
            return {"dhcp_configurations": {"domain-name": [draw(_NAMES)]}}
        case "vpc":
            return {
                "dhcp_options_id": some("dhcp_options", optional=True),
                "cidr_block": draw(st.sampled_from(["10.0.0.0/16", "10.1.0.0/16"])),
                "is_default": False,
                "enable_dns_hostnames": draw(_MAYBE),
            }
        case "network_acl":
            return {"vpc_id": some("vpc"), "is_default": False} if rows["vpc"] else None
        case "network_acl_entry":
            return (
                {
                    "network_acl_id": some("network_acl"),
                    "is_egress": draw(_MAYBE),
                    "rule_number": draw(st.sampled_from([100, 200])),
                    "protocol": draw(st.sampled_from(["-1", "6", "tcp"])),
                    "rule_action": draw(st.sampled_from(["allow", "deny"])),
                    "cidr_block": draw(st.sampled_from(["10.0.0.0/8", "0.0.0.0/0"])),
                    "from_port": draw(st.integers(0, 2)),
                    "to_port": 3,
                }
                if rows["network_acl"]
                else None
            )
        case "subnet":
            vpc = some("vpc")
            return vpc and {
                "network_acl_id": some("network_acl", optional=True),
                "vpc_id": vpc,
                "cidr_block": draw(st.sampled_from(["10.0.1.0/24", "10.0.2.0/24"])),
                "availability_zone": draw(st.sampled_from("ab")),
            }
        case "internet_gateway":
            return {"vpc_id": some("vpc", optional=True)}
        case "egress_only_internet_gateway":
            return {"vpc_id": some("vpc")} if rows["vpc"] else None
        case "elastic_ip":
            return {}
        case "nat_gateway":
            subnet = some("subnet")
            return subnet and {
                "subnet_id": subnet,
                "connectivity_type": "public",
                "elastic_ip_id": some("elastic_ip", optional=True),
            }
        case "peering_connection":
            keys = sorted(row.key[0] for row in rows["vpc"])
            if len(keys) < 2:
                return None
            requester, accepter = draw(st.permutations(keys))[:2]
            return {"requester_id": requester, "accepter_id": accepter, "accepted": True}
        case "route_table":
            return {"vpc_id": some("vpc"), "is_main": False} if rows["vpc"] else None
        case "route":
            to = draw(st.sampled_from(["internet_gateway", "nat_gateway", "peering_connection"]))
            return (
                {
                    "route_table_id": some("route_table"),
                    "destination": draw(st.sampled_from(["0.0.0.0/0", "10.9.0.0/16"])),
                    to: some(to),
                }
                if rows["route_table"] and rows[to]
                else None
            )
        case "route_table_association":
            tables = {row.key[0]: row.values["vpc_id"] for row in rows["route_table"]}
            subnets = [row.key[0] for row in rows["subnet"]]
            if not tables or not subnets:
                return None
            table_id = draw(st.sampled_from(sorted(tables)))
            return {
                "vpc_id": tables[table_id],
                "route_table_id": table_id,
                "subnet_id": draw(st.sampled_from(subnets)),
                "is_main": False,
            }
        case "endpoint_gateway":
            names = draw(st.sampled_from(["", "a", "ab"]))
            return (
                {
                    "vpc_id": some("vpc"),
                    "service": draw(st.sampled_from(["s3", "dynamodb"])),
                    "route_table_ids": [f"rtb-{each}{region_mark(rows.schema)}" for each in names],
                }
                if rows["vpc"]
                else None
            )
        case "flow_log":
            of = draw(st.sampled_from(["vpc", "subnet"]))
            return (
                {
                    f"{of}_id": some(of),
                    "traffic_type": draw(st.sampled_from(["ACCEPT", "ALL"])),
                    "log_destination_type": "cloud-watch-logs",
                    "log_group_name": draw(_NAMES),
                    "max_aggregation_interval": 600,
                }
                if rows[of]
                else None
            )
        case "autoscaling_group":
            template = some("launch_template")
            return template and {
                "name": draw(_NAMES),
                "launch_template_id": template,
                "launch_template_version": draw(st.sampled_from([None, "$Latest"])),
                "min_size": draw(st.integers(0, 1)),
                "max_size": draw(st.integers(1, 2)),
                "desired_capacity": draw(st.sampled_from([None, 1])),
                "subnets": [f"subnet-a{region_mark(rows.schema)}"],
                "health_check_type": draw(st.sampled_from(["EC2", "ELB"])),
                "protected_from_scale_in": draw(_MAYBE),
            }
        case "launch_template":
            return {
                "name": draw(_NAMES),
                "ami": draw(_NAMES),
                "instance_profile_name": some("instance_profile", optional=True),
                "user_data": draw(st.sampled_from([None, "a"])),
                "block_device_mappings": draw(st.sampled_from([None, [{"DeviceName": "a"}]])),
                "http_tokens": draw(st.sampled_from([None, "required"])),
            }
        case "health_check":
            return {
                "type": "HTTP",
                "fully_qualified_domain_name": draw(_NAMES),
                "resource_path": draw(st.sampled_from([None, "/a"])),
                "inverted": draw(_MAYBE),
                "disabled": False,
                "measure_latency": draw(_MAYBE),
            }
        case "endpoint_interface":
            return (
                {
                    "vpc_id": some("vpc"),
                    "service": draw(st.sampled_from(["ecr.api", "logs"])),
                    "private_dns_enabled": draw(_MAYBE),
                }
                if rows["vpc"]
                else None
            )
        case "security_group":
            return {
                "group_name": draw(_NAMES),
                "description": draw(_NAMES),
                "vpc_id": some("vpc", optional=True),
            }
        case "security_group_rule":
            group = some("security_group")
            port = draw(st.integers(0, 3))
            if draw(_MAYBE):  # what AWS gives each new group, or something like it
                return group and {
                    "security_group_id": group,
                    "is_egress": True,
                    "ip_protocol": "-1",
                    "from_port": None,
                    "to_port": None,
                    "cidr_ipv4": "0.0.0.0/0",
                    "description": draw(st.sampled_from([None, "x"])),
                }
            source = some("security_group", optional=True)
            return group and {
                "security_group_id": group,
                "is_egress": draw(_MAYBE),
                "ip_protocol": draw(st.sampled_from(["tcp", "-1"])),
                "from_port": port,
                "to_port": port,
                "source_security_group": source,
                "cidr_ipv4": None if source else draw(st.sampled_from(["10.0.0.0/8", "0.0.0.0/0"])),
                "description": draw(st.sampled_from([None, "x"])),
            }
        case "db_subnet_group" | "cache_subnet_group":
            names = draw(st.sampled_from([["subnet-a"], ["subnet-a", "subnet-b"]]))
            return {
                "name": draw(_NAMES),
                "description": draw(_NAMES),
                "subnets": [f"{each}{region_mark(rows.schema)}" for each in names],
            }
        case "role":
            return {
                "role_name": draw(_NAMES),
                "assume_role_policy_document": {"Version": draw(_NAMES)},
                "attached_policies_arns": draw(st.sampled_from([None, ["p"], ["p", "q"]])),
            }
        case "access_key" | "repository_image":
            return None  # no row makes one
        case "log_group":
            return {"log_group_name": draw(_NAMES)}
        case "repository" | "public_repository":
            return {
                "repository_name": draw(_NAMES),
                "image_tag_mutability": "MUTABLE",
                "scan_on_push": draw(_MAYBE),
            }
        case "repository_policy":
            name = some("repository")
            return name and {"repository_name": name, "policy_text": {"Statement": draw(_NAMES)}}
        case "target_group":
            return {
                "target_group_name": draw(_NAMES),
                "target_type": "ip",
                "port": draw(st.integers(80, 82)),
                "health_check_path": draw(st.sampled_from([None, "/", "/health"])),
                "vpc": some("vpc", optional=True),
            }
        case "load_balancer":
            return {
                "load_balancer_name": draw(_NAMES),
                "scheme": draw(st.sampled_from(["internal", "internet-facing"])),
                "load_balancer_type": "application",
                "ip_address_type": draw(st.sampled_from(["ipv4", "dualstack"])),
                "attributes": draw(st.sampled_from([{}, {"idle_timeout.timeout_seconds": "30"}])),
            }
        case "listener":
            balancer = some("load_balancer")
            return balancer and {
                "load_balancer_name": balancer,
                "port": draw(st.integers(80, 82)),
                "protocol": "HTTPS" if (certificate := some("certificate", optional=True)) else "HTTP",
                "action_type": "forward",
                "target_group_name": some("target_group", optional=True),
                "certificate_id": certificate,
            }
        case "scalable_target":
            name = some("service")
            return name and {
                "service_name": name,
                "min_capacity": draw(st.integers(0, 2)),
                "max_capacity": draw(st.integers(2, 4)),
            }
        case "scaling_policy":
            target = some("scalable_target")
            return target and {
                "policy_name": draw(_NAMES),
                "scalable_target_id": target,
                "policy_type": "TargetTrackingScaling",
                "target_value": draw(st.integers(1, 3)),
                "predefined_metric_type": "ECSServiceAverageCPUUtilization",
                "disable_scale_in": draw(_MAYBE),
            }
        case "cluster":
            return {"cluster_name": draw(_NAMES)}
        case "task_definition":
            return {
                "family": draw(_NAMES),
                "cpu_memory": draw(st.sampled_from(["vCPU1-2GB", "vCPU2-4GB"])),
                "task_role_name": some("role", optional=True),
            }
        case "service":
            cluster, definition = some("cluster"), some("task_definition")
            return (
                cluster
                and definition
                and {
                    "name": draw(st.sampled_from(["", f"{cluster}/"])) + draw(_NAMES),
                    "cluster_name": cluster,
                    "task_definition_id": definition,
                    "desired_count": draw(st.integers(0, 2)),
                    "subnets": [
                        f"{each}{region_mark(rows.schema)}"
                        for each in draw(st.sampled_from([["subnet-a"], ["subnet-a", "subnet-b"]]))
                    ],
                    "assign_public_ip": "ENABLED",
                    "force_new_deployment": draw(_MAYBE),
                    "target_group_name": some("target_group", optional=True),
                }
            )
        case "dynamo_table":
            index = {"key": {"mail": "S"}, **draw(st.sampled_from([{}, {"projection": "ALL"}]))}
            return {
                "table_name": draw(_NAMES),
                "primary_key": draw(st.sampled_from([{"id": "S"}, {"id": "N"}, [{"id": "S"}, {"at": "N"}]])),
                "billing_mode": draw(st.sampled_from(["PAY_PER_REQUEST", "PROVISIONED"])),
                "throughput": {"ReadCapacityUnits": draw(st.integers(1, 2)), "WriteCapacityUnits": 1},
                "global_indexes": draw(st.sampled_from([None, {"a": index}, {"a": index, "b": index}])),
                "stream_view_type": draw(st.sampled_from([None, "NEW_IMAGE"])),
                "ttl_attribute": draw(st.sampled_from([None, "until"])),
            }
        case "lambda_event_source":
            return None  # AWS refuses a second one of a function and a queue, which the rows here do not know
        case "lambda_alias":
            return (
                {
                    "lambda_function_id": some("lambda_function"),
                    "name": draw(_NAMES),
                    "function_version": draw(st.sampled_from(["1", "$LATEST"])),
                }
                if rows["lambda_function"]
                else None
            )
        case "lambda_function":
            code = draw(st.sampled_from(["s3_key", "zip_b64"]))
            return {
                "name": draw(_NAMES),
                "package_type": "Zip",
                code: draw(_NAMES),
                "role_name": some("role"),
                "log_group_name": some("log_group", optional=True),
                "dead_letter_queue_id": some("queue", optional=True),
                "environment": draw(st.sampled_from([None, {"a": "b"}])),
                "subnets": [
                    f"{each}{region_mark(rows.schema)}" for each in draw(st.sampled_from([[], ["subnet-a"]]))
                ],
                "reserved_concurrent_executions": draw(st.sampled_from([None, 0, 5])),
            }
    columns = [each for each in CATALOGUE.resources[table].columns if each.on_change is not OnChange.ASSIGNED]
    values = {
        each.name: some(each.reference.table, optional=not each.not_null)
        if each.reference
        else draw(_value(each))
        for each in columns
    }
    missing = any(each.reference and each.not_null and values[each.name] is None for each in columns)
    return None if missing else values


def _value(column: Column) -> st.SearchStrategy[Any]:
    """Random values of a column that means nothing in particular to another."""
    match column.type:
        case EnumType():
            return st.sampled_from(column.type.values)
        case "boolean":
            return _MAYBE
        case "integer" | "bigint":
            return st.integers(0, 2)
        case "jsonb":
            return st.sampled_from([{"Version": "a"}, {"Version": "b"}])
        case "varchar" | "text":
            return _NAMES
        case "timestamptz":
            return st.sampled_from([None, "2031-01-01T00:00:00+00:00"])
        case "double precision":
            return st.sampled_from([None, 1.5, 2])
        case "varchar[]" | "text[]":
            return st.sampled_from([None, ["a"], ["b", "a"]])
    raise AssertionError(f"{column.name}: write values of its table above")


def _parts(table: str, draw: Draw, rows: _Rows) -> dict[str, tuple[dict[str, Any], ...]]:
    parts = _parts_here(bare(table), draw, rows)
    return {in_schema(rows.schema, part): elements for part, elements in parts.items()}


def _parts_here(table: str, draw: Draw, rows: _Rows) -> dict[str, tuple[dict[str, Any], ...]]:
    # AWS takes groups of the resource's own VPC only, which is the default one here.
    here = {row.key[0] for row in rows["vpc"] if row.values["is_default"] is True} | {None}
    groups = [row.key[0] for row in rows["security_group"] if row.values["vpc_id"] in here]
    chosen = draw(st.lists(st.sampled_from(groups), unique=True, max_size=2)) if groups else []
    references = tuple({"security_group_id": group} for group in chosen)
    targets = [row.key[0] for row in rows["target_group"]]
    match table:
        case "autoscaling_group":
            some = draw(st.lists(st.sampled_from(targets), unique=True, max_size=2)) if targets else []
            return {"autoscaling_group_target_groups": tuple({"target_group_name": each} for each in some)}
        case "load_balancer":
            return {"load_balancer_security_groups": references}
        case "replication_group" | "cache_cluster" | "launch_template":
            return {f"{table}_security_groups": references}
        case "service":
            return {"service_security_groups": references}
        case "distribution":
            controls = [row.key[0] for row in rows["origin_access_control"]]
            return {
                "distribution_origin": tuple(
                    {
                        "origin_id": name,
                        "domain_name": f"{name}.s3.amazonaws.com",
                        "origin_access_control_id": draw(st.sampled_from([None, *controls])),
                        "origin_path": "",
                        "connection_attempts": 3,
                        "connection_timeout": 10,
                    }
                    for name in draw(st.lists(_NAMES, unique=True, max_size=2))
                )
            }
        case "lambda_function":
            return {"lambda_function_security_groups": references}
        case "bucket":
            pages = st.sampled_from([None, "a", "b"])
            website = {"index_document": "a", "error_document": draw(pages)}
            return {"bucket_website": (website,) if draw(_MAYBE) else ()}
        case "task_definition":
            repositories = [row.key[0] for row in rows["repository"]]
            names = draw(st.lists(_NAMES, unique=True, max_size=2))
            return {
                "container_definition": tuple(
                    {
                        "name": name,
                        "image": None if repositories else "nginx",
                        "repository_name": draw(st.sampled_from(repositories)) if repositories else None,
                        "tag": draw(st.sampled_from([None, "latest"])),
                        "essential": True,
                        "container_port": draw(st.sampled_from([None, 80])),
                    }
                    for name in names
                )
            }
    return {}


def _insert(world: World, draw: Draw, table: str) -> None:
    resource = RESOURCE[table]
    values = _values(table, draw, _Rows(world, table))
    if values is None:
        return
    number = next(world._numbers)
    key = (number,) if resource.key == ("id",) else tuple(values[name] for name in resource.key)
    record = {column.name: values.get(column.name, _default(column)) for column in resource.columns}
    record |= _tags(resource, draw)
    if resource.key == ("id",):
        record["id"] = number
    row = Row(table=table, key=key, values=record, parts=_parts(table, draw, _Rows(world, table)))
    if not _violates(world, row):
        world.rows[table].append(row)


def _default(column: Column) -> Any:
    """What Postgres gives a column that an INSERT does not name."""
    match column.default:
        case None | "'{}'":
            return None
        case "true" | "false":
            return column.default == "true"
        case _:
            return ast.literal_eval(column.default)


def _tags(resource: Resource, draw: Draw) -> dict[str, Any]:
    """Random tags, where a resource has some."""
    tagged = any(column.name == "tags" for column in resource.columns)
    return {"tags": draw(st.sampled_from([{}, {"team": "a"}, {"team": "b", "x": "y"}]))} if tagged else {}


def _violates(world: World, row: Row) -> bool:
    """Whether a key stands against a row, of the table's or of AWS's, or a condition."""
    resource = RESOURCE[row.table]
    if "one_user" in dict(resource.checks) and row.values["is_main"] and row.values["subnet_id"] is not None:
        return True
    if resource.qualified is not None:
        within, _, _ = row.values[resource.qualified.name].rpartition("/")
        if within not in ("", row.values[resource.qualified.by]):
            return True
    for other in world.rows[row.table]:
        if other is row:
            continue
        if other.key == row.key:
            return True
        for columns in (*resource.unique, *([resource.natural_key] if resource.unique_in_aws else [])):
            if _said(resource, row, columns) == _said(resource, other, columns):
                return True
    return False


def _said(resource: Resource, row: Row, columns: Iterable[str]) -> list[Any]:
    """What a row says in some columns, a name as AWS has it."""
    qualified = resource.qualified
    return [
        qualified.plain(row.values[name]) if qualified and name == qualified.name else row.values.get(name)
        for name in columns
    ]


def _used(world: World, row: Row) -> bool:
    """Whether a foreign key keeps a row from being deleted."""
    return any(
        column.reference and column.reference.table == row.table and values.get(column.name) == row.key[0]
        for resource in world.resources
        for other in world.rows[resource.table]
        for columns, values in _referring(resource, other)
        for column in columns
    )


def _referring(resource: Resource, row: Row) -> Iterator[tuple[tuple[Column, ...], Mapping[str, Any]]]:
    """The columns and values of a row and of its parts."""
    yield resource.columns, row.values
    for part in resource.parts:
        yield from ((part.columns, each) for each in row.parts.get(part.table, ()))


def _edit(world: World, draw: Draw) -> None:
    """A user's change of one row."""
    table = draw(st.sampled_from([each.table for each in world.resources]))
    rows = world.rows[table]
    what = draw(st.sampled_from(["insert", "update", "delete"]))
    if what == "insert" or not rows:
        _insert(world, draw, table)
        return
    at = draw(st.integers(0, len(rows) - 1))
    if what == "delete":
        if not _used(world, rows[at]):
            del rows[at]
        return
    _update(world, draw, table, at)


def _update(world: World, draw: Draw, table: str, at: int) -> None:
    """A user's change of some columns and parts of a row."""
    rows = world.rows[table]
    values = _values(table, draw, _Rows(world, table))
    resource = RESOURCE[table]
    if values is None:
        return
    values = {**values, **_tags(resource, draw)}
    kept = {name: rows[at].values[name] for name in resource.key}
    names = draw(st.lists(st.sampled_from(sorted(values)), unique=True, min_size=1))
    new = replace(rows[at], values={**rows[at].values, **{name: values[name] for name in names}, **kept})
    if draw(_MAYBE):
        new = replace(new, parts=_parts(table, draw, _Rows(world, table)))
    old, rows[at] = rows[at], new
    if _violates(world, new):
        rows[at] = old


def _name(world: World, draw: Draw, most: int = 2) -> World:
    """An account with random contents and tables that show it, then edited at random.

    Args:
        most: how many rows each table gets at most.
    """
    world.add_default_network()
    world.sync()
    for resource in world.resources:
        for _ in range(draw(st.integers(0, most))):
            _insert(world, draw, resource.table)
    _applied(world)
    assume(not world.plan().changes)
    for _ in range(draw(st.integers(0, 8))):
        _edit(world, draw)
    return world


def _applied(world: World) -> None:
    try:
        world.apply()
    except OperationError as error:
        event(f"refused {error.sqlstate}")
        assume(False)


@st.composite
def worlds(draw: Draw) -> World:
    return _name(World(), draw)


def assert_nothing_is_left(world: World) -> None:
    left = world.plan()
    assert (left.changes, left.restores) == ((), ())
    assert world.planned_sync() == ()


@given(worlds())
@_SETTINGS
def test_after_an_apply_nothing_is_left_to_apply_or_to_sync(world: World) -> None:
    note(str([(each.table, each.values) for rows in world.rows.values() for each in rows]))
    _applied(world)
    assert_nothing_is_left(world)


class _CutOff(Exception):
    pass


@given(st.data())
@_SETTINGS
def test_after_an_apply_that_was_cut_off_another_one_leaves_nothing_to_do(data: st.DataObject) -> None:
    world = _name(World(), data.draw)
    steps = iter(range(data.draw(st.integers(0, 12))))

    def meanwhile() -> None:
        if next(steps, None) is None:
            raise _CutOff

    try:
        world.apply(meanwhile)
        event("not cut off")
    except _CutOff:
        event("cut off")
    except OperationError:
        assume(False)
    _applied(world)
    assert_nothing_is_left(world)


@given(worlds())
@_SETTINGS
def test_after_a_sync_nothing_is_left_to_apply_or_to_sync(world: World) -> None:
    world.sync()
    assert_nothing_is_left(world)


@given(worlds())
@_SETTINGS
def test_a_plan_changes_nothing_and_says_twice_the_same(world: World) -> None:
    before = repr((world.holds, world.rows))
    try:
        assert repr(world.plan()) == repr(world.plan())
    except OperationError:
        assume(False)
    assert repr((world.holds, world.rows)) == before


@given(worlds())
@_SETTINGS
def test_steps_that_share_a_call_wait_for_the_same_and_not_for_each_other(world: World) -> None:
    try:
        steps = world.plan().steps
    except OperationError:
        assume(False)
    shared = sharing(world.account(), steps, {})
    event(f"{len(shared.groups)} groups, {len(shared.brought)} brought")
    members = [number for group in shared.groups for number in group]
    assert len(members) == len(set(members))
    for group in shared.groups:
        assert len({steps[number].after for number in group}) == 1
        assert len({(steps[number].kind, steps[number].change.table) for number in group}) == 1
        assert all(not steps[number].after & group for number in group)
    for number, each in shared.brought.items():
        assert (steps[number].kind, steps[number].change.table) == ("create", each.table)
        assert number not in members


class _Editor:
    """A user who edits rows while an apply runs.

    Attributes:
        wanted: the rows as this user has left them, by table and key.
    """

    def __init__(self, world: World, draw: Draw) -> None:
        self.world = world
        self.draw = draw
        self.wanted: dict[tuple[str, Any], Row] | None = None

    def edit(self) -> None:
        before = self._rows()
        self.wanted = dict(before) if self.wanted is None else self.wanted
        self._edit()
        after = self._rows()
        for place in before.keys() - after.keys():
            del self.wanted[place]
        for place, row in after.items():
            if place not in before:
                self.wanted[place] = row
            elif before[place] is not row:
                self.wanted[place] = _edited(self.wanted[place], before[place], row)

    def _edit(self) -> None:
        """Change something; more often than not what AWS has not made yet, or is making."""
        new = [
            (table, at)
            for table, rows in self.world.rows.items()
            for at, row in enumerate(rows)
            if row.values.get(RESOURCE[table].identity or "") is None
        ]
        if new and self.draw(_MAYBE):
            _update(self.world, self.draw, *self.draw(st.sampled_from(new)))
        elif self.draw(_MAYBE):
            _edit(self.world, self.draw)

    def _rows(self) -> dict[tuple[str, Any], Row]:
        return {(table, row.key): row for table, rows in self.world.rows.items() for row in rows}


def _edited(row: Row, before: Row, after: Row) -> Row:
    """A row with the values that an edit has changed."""
    changed = {name: value for name, value in after.values.items() if value != before.values.get(name)}
    parts = {table: some for table, some in after.parts.items() if some != before.parts.get(table)}
    return replace(row, values={**row.values, **changed}, parts={**row.parts, **parts})


@given(st.data())
@_SETTINGS
def test_what_is_edited_while_an_apply_runs_is_neither_lost_nor_half_applied(data: st.DataObject) -> None:
    world = _name(World(), data.draw)
    editor = _Editor(world, data.draw)
    try:
        world.apply(editor.edit)
    except OperationError:
        assume(False)
    for place, wanted in (editor.wanted or {}).items():
        table, key = place
        [row] = [each for each in world.rows[table] if each.key == key]
        for column in RESOURCE[table].columns:
            given_up = column.on_change is OnChange.ASSIGNED or (column.path is None and column.read)
            left = column.left_to_aws and wanted.values.get(column.name) is None
            if not given_up and not left:
                assert row.values.get(column.name) == wanted.values.get(column.name), column.name
        for part in RESOURCE[table].parts:
            if wanted.parts.get(part.table):
                assert row.parts[part.table] == wanted.parts[part.table]
    _applied(world)
    assert world.plan().changes == ()


def _somebody_else(world: World, draw: Draw) -> World:
    """Another database of the same account, through which somebody changes AWS."""
    other = World(layout=world.layout, holds=world.holds, _numbers=world._numbers)
    other.sync()
    for _ in range(draw(st.integers(1, 5))):
        _edit(other, draw)
    _applied(other)
    return other


def _compared(world: World) -> dict[Name, tuple[Values, Values, Values, Values]]:
    """Of each resource that has a row and a base: the base's row and answer, the row, and AWS's answer.

    Values are in AWS's space, in the form in which they are compared; what is AWS's to say is left out.
    """
    account = world.account()
    meeting = meet(account, world.rows)
    result = {}
    for (table, key), found in meeting.pairs.items():
        resource = RESOURCE[table]
        kept = world.bases.get((table, found.identity))
        if kept is not None and not descriptions.is_protected(resource, found):
            desired = meeting.resolver.desired[table, key]
            four = (kept[0].row, kept[0].answer, desired, found)
            left = _left_to_aws(resource, desired)
            result[table, found.identity] = tuple(_plain(resource, each, left) for each in four)
    return result  # type: ignore[return-value]


def _left_to_aws(resource: Resource, desired: Desired) -> set[str]:
    """The columns and parts about which a row says nothing."""
    columns = {each.name for each in resource.columns if each.is_aws_to_say}
    columns |= {
        each.name
        for each in resource.columns
        if each.left_to_aws and desired.row.values.get(each.name) is None
    }
    return columns | {
        each.table
        for each in resource.parts
        if (each.left_to_aws or each.chosen) and not desired.row.parts.get(each.table)
    }


def _plain(resource: Resource, state: State | Desired | Found, left: set[str]) -> Values:
    values = descriptions.canonical(resource.columns, state.values, resource.canonical)
    own = {each.name: values[each.name] for each in resource.columns}
    parts = {each.table: comparable(each, state.parts.get(each.table, ())) for each in resource.parts}
    return {name: value for name, value in {**own, **parts}.items() if name not in left}


class _Before:
    """A world before an apply, which may undo nothing that only one side has changed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._compared = _compared(world)
        self._kept = set(world.bases)
        self._held = _held(world)

    def assert_nothing_undone(self, plan: Plan) -> None:
        """See what the apply of a plan has made of it."""
        # What AWS made along with something goes along with it.
        going = _found(each for each in plan.changes if not each.desired) | plan.unsaid.keys()
        replaced = _found(each for each in plan.changes if each.action == "replace")
        replaced_by_name = _found_by_name(each for each in plan.changes if each.action == "replace")
        after = _compared(self._world)
        for name in self._compared.keys() - going - replaced:
            self._assert_as_changed(name, after[name], replaced, replaced_by_name)
        for name in self._held - _held(self._world):
            owner = RESOURCE[name[0]].within
            assert name in going or name in replaced or owner, f"{name} was deleted"
            known = name in self._kept or name in replaced or owner
            assert known, f"{name} was deleted, and no row had shown it"

    def _assert_as_changed(
        self,
        name: Name,
        after: tuple[Values, Values, Values, Values],
        replaced: set[Name],
        replaced_by_name: set[tuple[str, str, Any]],
    ) -> None:
        row, answer, ours, theirs = self._compared[name]
        _, _, now_row, now_theirs = after
        for column in row.keys() & now_row.keys():
            if (
                is_pending(ours[column])
                or _names_one_of(theirs[column], replaced)
                or _names_one_of(ours[column], replaced)
                or _reference(name[0], column, theirs[column]) in replaced_by_name
                or _reference(name[0], column, ours[column]) in replaced_by_name
            ):
                continue  # it goes on to refer to what takes the place of that
            if ours[column] == row[column]:
                assert now_theirs[column] == theirs[column], f"{name}: {column} was undone in AWS"
            if theirs[column] == answer[column] and ours[column] is not None:
                assert now_row[column] == ours[column], f"{name}: {column} was undone in the row"


def _held(world: World) -> set[Name]:
    return {(each.table, each.identity) for some in world.holds.values() for each in some}


def _found(changes: Iterable[Change]) -> set[Name]:
    return {(each.table, each.found.identity) for each in changes if each.found}


def _found_by_name(changes: Iterable[Change]) -> set[tuple[str, str, Any]]:
    """Some resources by what others may refer to them by: table, column, and its value."""
    return {
        (each.table, column, value)
        for each in changes
        if each.found
        for column, value in each.found.values.items()
        if isinstance(value, str)
    }


def _reference(table: str, column: str, value: Any) -> tuple[str, str, Any] | None:
    """What a value refers to where AWS refers by another column than its own name: as in `_found_by_name`."""
    some = [each.reference for each in RESOURCE[table].columns if each.name == column and each.reference]
    if not some or some[0].by is None or not isinstance(value, str):
        return None
    return some[0].table, some[0].by, value


def _names_one_of(value: Any, names: set[tuple[str, str]]) -> bool:
    text = repr(value)
    return any(identity in text for _, identity in names)


def _applied_beside(world: World, scope: Scope | None = None) -> None:
    """Apply, and see that nothing is undone that only one side has changed."""
    before = _Before(world)
    try:
        plan = world.apply(scope=scope)
    except OperationError as error:
        event(f"refused {error.sqlstate}")
        assume(False)
    unread, world.unread = world.unread, frozenset()
    before.assert_nothing_undone(plan)
    world.unread = unread
    left = world.plan(scope=scope)
    assert (left.changes, left.restores) == ((), ())


def _assert_only_gone_is_left(world: World) -> None:
    """See that rows show all that AWS holds, and else only what is gone from it."""
    gone = set(world.merged(world.account())[1].gone)
    left = world.planned_sync()
    led_there = {place for place in _dangling(world, gone) if place not in gone}
    assert {(each.table, each.key) for each in left} - led_there == gone, (left, gone)


def _dangling(world: World, gone: Collection[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The rows that refer to what is gone, which AWS has let go although it was referred to."""
    for table, rows in world.rows.items():
        columns = [(each, each.reference) for each in RESOURCE[table].columns if each.reference]
        for row in rows:
            if any(to.dangles and (to.table, (row.values[each.name],)) in gone for each, to in columns):
                yield table, row.key


@given(st.data())
@_SETTINGS
def test_beside_somebody_else_nothing_is_undone_that_only_one_has_changed(data: st.DataObject) -> None:
    world = _name(World(), data.draw)
    other = _somebody_else(world, data.draw)
    _applied_beside(world)
    _assert_only_gone_is_left(world)
    event("somebody else changed something" if other.rows else "nothing")


# With two regions --------------------------------------------------------------------------------------

_REGIONS = settings(_SETTINGS, max_examples=40)
_PLACES = st.sampled_from(BOTH.places)


def _in(world: World, place: Place) -> str:
    """All that AWS and the rows hold in a region; what is global is in none."""
    tables = [
        each.table for each in world.resources if schema_of(each.table) == place.schema and not each.is_global
    ]
    return repr([(world.holds[table], world.rows[table]) for table in tables])


def _two_regions(draw: Draw) -> World:
    """A world with two regions, in both of which rows and AWS have been changed."""
    world = _name(World(layout=BOTH), draw, most=1)
    _somebody_else(world, draw)
    return world


@given(st.data())
@_REGIONS
def test_beside_somebody_else_nothing_is_undone_in_any_region(data: st.DataObject) -> None:
    world = _two_regions(data.draw)
    _applied_beside(world)
    _assert_only_gone_is_left(world)


@given(st.data())
@_REGIONS
def test_an_apply_for_one_region_undoes_nothing_and_touches_no_other(data: st.DataObject) -> None:
    world, here = _two_regions(data.draw), data.draw(_PLACES)
    [elsewhere] = [each for each in BOTH.places if each != here]
    before = _in(world, elsewhere)
    _applied_beside(world, Scope(BOTH, (here,)))
    assert _in(world, elsewhere) == before


@given(st.data())
@_REGIONS
def test_a_region_that_does_not_answer_stays_as_it_is_and_the_others_go_on(data: st.DataObject) -> None:
    world, silent = _two_regions(data.draw), data.draw(_PLACES)
    before, world.unread = _in(world, silent), frozenset([silent.schema])
    _applied_beside(world)
    assert _in(world, silent) == before
    world.unread = frozenset()
    _applied_beside(world)
    _assert_only_gone_is_left(world)
