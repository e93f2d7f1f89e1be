"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"""

from modules import canonical, ownership, tagging
from modules.aws_ecs_fargate import services
from modules.spec import (
    After,
    Call,
    Carry,
    Const,
    Derived,
    Describe,
    Each,
    Edited,
    EnumType,
    List,
    Lookup,
    Old,
    OnChange,
    Part,
    Per,
    Qualified,
    Resource,
    Settled,
    Source,
    Token,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
)

_VPC = "networkConfiguration.awsvpcConfiguration."
_NETWORK: dict[str, Source] = {
    _VPC + "subnets": "subnets",
    _VPC + "securityGroups": Each("service_security_groups", "security_group_id"),
    _VPC + "assignPublicIp": "assign_public_ip",
}
_TARGETS = Edited(
    "loadBalancers", services.load_balancers, ("target_group_name", "container_name", "container_port")
)
_SERVICE: dict[str, Source] = {"cluster": "cluster_name", "service": "arn"}

SERVICE_SECURITY_GROUPS = Part(
    table="service_security_groups",
    doc="Which security groups stand around which service.",
    parent=ref("service_name", "service", None, type="varchar", cascade=True, not_null=True),
    path=_VPC + "securityGroups",
    columns=(ref("security_group_id", "security_group", "@", cascade=True, not_null=True),),
    key=("service_name", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
)

_TAGS = tagging.ecs("arn")

SERVICE = Resource(
    table="service",
    service="ecs",
    doc="Keeps a number of tasks running, behind a target group if it has one. New ones run on Fargate.",
    key=("name",),
    identity="arn",
    natural_key=("cluster_name", "name"),
    qualified=Qualified(name="name", by="cluster_name"),
    checks=(
        (
            "service_name_is_of_its_cluster",
            "name NOT LIKE '%/%' OR pg_catalog.split_part(name, '/', 1) = coalesce(cluster_name, 'default')",
        ),
    ),
    columns=(
        fixed(
            "name",
            "varchar",
            "serviceName",
            not_null=True,
            canonical=services.plain,
            doc="Where several clusters have a service of this name, the cluster comes before it: prod/web.",
        ),
        assigned("arn", "varchar", "serviceArn"),
        assigned("status", "varchar", "status"),
        column(
            "desired_count",
            "integer",
            "desiredCount",
            not_null=True,
            doc="Of tasks. While scalable_target has the service, AWS moves it, and what stands here is "
            "what a new service begins with.",
        ),
        column(
            "subnets",
            "text[]",
            _VPC + "subnets",
            refers="subnet",
            not_null=True,
            canonical=canonical.unordered,
            doc="Ids of the subnets that tasks run in.",
        ),
        column(
            "assign_public_ip",
            EnumType(name="service_assign_public_ip_enum", values=("DISABLED", "ENABLED")),
            _VPC + "assignPublicIp",
            not_null=True,
            default="'DISABLED'",
            read=lambda value: value or "DISABLED",
        ),
        column(
            "force_new_deployment",
            "boolean",
            not_null=True,
            default="false",
            read=lambda description: False,
            doc="Set it to start new tasks at the next apply, which sets it back.",
        ),
        ref(
            "cluster_name",
            "cluster",
            "clusterArn",
            type="varchar",
            default=lambda cluster: bool(cluster.get("clusterName") == "default"),
            left_to_aws=True,
            doc="NULL is the cluster named default.",
        ),
        ref(
            "task_definition_id",
            "task_definition",
            "taskDefinition",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
            doc="What its tasks run; a service that runs cannot be without: NULL leaves it as it is.",
        ),
        ref(
            "target_group_name",
            "target_group",
            "loadBalancers[0].targetGroupArn",
            type="varchar",
            on_change=OnChange.UPDATE,
            doc="The first of its target groups; it keeps others that it has.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.service_role("createdBy")),
    ),
    parts=(SERVICE_SECURITY_GROUPS,),
    lookups=(
        Lookup("container_name", "task_definition_id", "container_definition", "name", "container_port"),
        Lookup(
            "container_port", "task_definition_id", "container_definition", "container_port", "container_port"
        ),
    ),
    mark="createdAt",
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    settles=30,
    listing=List(
        operation="list_services",
        items="serviceArns",
        params={"maxResults": 100},
        per=Per(table="cluster", params={"cluster": "cluster_arn"}),
        absent=("ClusterNotFoundException",),
    ),
    describe=Describe(
        operation="describe_services",
        ids="services",
        batch=10,
        items="services",
        per_params=("cluster",),
        params={"include": ["TAGS"]},
    ),
    where=lambda description: description.get("status") == "ACTIVE",
    create=(
        Call(
            operation="create_service",
            params={
                "cluster": "cluster_name",
                "serviceName": Derived(services.plain, ("name",)),
                "taskDefinition": "task_definition_id",
                "desiredCount": "desired_count",
                "launchType": Edited("@", services.launch_type, ()),
                "loadBalancers": _TARGETS,
                "clientToken": Token(),
                **_TAGS.create,
                # AWS tells these of deployments, of which the first is the service's.
                "serviceConnectConfiguration": Old("deployments[0].serviceConnectConfiguration"),
                "volumeConfigurations": Old("deployments[0].volumeConfigurations"),
                "vpcLatticeConfigurations": Old("deployments[0].vpcLatticeConfigurations"),
                **_NETWORK,
            },
            result="service",
        ),
    ),
    update=(
        Update(
            operation="update_service",
            when=(
                "desired_count",
                "task_definition_id",
                "subnets",
                "assign_public_ip",
                "service_security_groups",
                "force_new_deployment",
                "target_group_name",
            ),
            params={
                **_SERVICE,
                "loadBalancers": _TARGETS,
                "desiredCount": "desired_count",
                "taskDefinition": "task_definition_id",
                "forceNewDeployment": "force_new_deployment",
                **_NETWORK,
            },
            result="service",
        ),
        *_TAGS.update,
    ),
    settled=dict.fromkeys(
        (
            "task_definition_id",
            "subnets",
            "assign_public_ip",
            "service_security_groups",
            "target_group_name",
        ),
        Settled(of=lambda service, values: services.is_deployed_by_others(service)),
    ),
    reflects=("deployments", "events", "taskSets"),
    carry=Carry(
        description=True,
        whole=("tags",),
        not_kept={"role": "services of the network mode awsvpc have none of their own"},
    ),
    delete=(Call(operation="delete_service", params={**_SERVICE, "force": Const(True)}),),
    gone=Waiter(
        name="services_inactive", params={"cluster": "cluster_name", "services[0]": "arn"}, seconds=900
    ),
    after=(
        After(
            table="listener",
            shares="target_group_name",
            why="ECS refuses a target group that no load balancer sends requests to yet",
        ),
    ),
    absent=("ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"),
    eventual=(
        ("InvalidParameterException", "does not have an associated load balancer"),
        ("InvalidParameterException", "assume"),
        ("InvalidParameterException", "still Draining"),
        ("InvalidParameterException", "role"),
    ),
    hints={
        "InvalidParameterException": "Check the service's subnets, security groups, "
        "target group and task definition.",
    },
)
