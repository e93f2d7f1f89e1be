"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html"""

from modules import ownership, tagging
from modules.aws_ecs_fargate import containers
from modules.spec import (
    Call,
    Carry,
    Const,
    Context,
    Derived,
    Describe,
    Each,
    EnumType,
    Initial,
    List,
    OnChange,
    Part,
    Resource,
    When,
    assigned,
    fixed,
    ref,
)

_LOG_OPTIONS = "logConfiguration.options."

CONTAINER_DEFINITION = Part(
    table="container_definition",
    doc="The containers of a task definition. A change of one is a new revision of the task definition.",
    parent=ref("task_definition_id", "task_definition", None, cascade=True),
    path="containerDefinitions",
    columns=(
        fixed("name", "varchar", "name", not_null=True),
        fixed(
            "image",
            "varchar",
            "image",
            read=containers.image_name,
            unless=("repository_name", "public_repository_name"),
            doc="An image of any registry, with its tag if it has tag and digest; for one of these tables' "
            "repositories name that instead.",
        ),
        fixed("tag", "varchar", "image", read=containers.image_tag),
        fixed("digest", "varchar", "image", read=containers.image_digest),
        fixed("essential", "boolean", "essential", not_null=True, default="false", read=bool),
        fixed("cpu", "integer", "cpu", doc="CPU units of the task's that are the container's own."),
        fixed("memory", "integer", "memory", doc="MiB that it may use at most."),
        fixed("memory_reservation", "integer", "memoryReservation", doc="MiB that are kept for it."),
        fixed("host_port", "integer", "portMappings[0].hostPort"),
        fixed(
            "container_port",
            "integer",
            "portMappings[0].containerPort",
            doc="Of its first port mapping. NULL: it has none at all.",
        ),
        fixed(
            "protocol",
            EnumType(name="container_definition_protocol_enum", values=("tcp", "udp")),
            "portMappings[0].protocol",
        ),
        fixed(
            "env_variables",
            "jsonb",
            "environment",
            read=containers.variables,
            doc='An object of names and values, such as {"STAGE": "test"}.',
        ),
        ref(
            "repository_name",
            "repository",
            "image",
            type="varchar",
            by="repository_uri",
            read=containers.image_repository,
        ),
        ref(
            "public_repository_name",
            "public_repository",
            "image",
            type="varchar",
            by="repository_uri",
            read=containers.image_repository,
        ),
        ref(
            "log_group_name",
            "log_group",
            _LOG_OPTIONS + '"awslogs-group"',
            type="varchar",
            by="log_group_name",
        ),
    ),
    key=("id",),
    natural_key=("name",),
    on_change=OnChange.REPLACE,
    canonical=containers.container,
    checks=(
        (
            "container_definition_has_an_image",
            "image IS NOT NULL OR repository_name IS NOT NULL OR public_repository_name IS NOT NULL",
        ),
        ("container_definition_has_tag_or_digest", "tag IS NULL OR digest IS NULL"),
    ),
)

_TAGS = tagging.ecs("task_definition_arn")

TASK_DEFINITION = Resource(
    table="task_definition",
    service="ecs",
    doc="What a task runs. AWS never changes one: a change registers a new revision and retires the old.",
    key=("id",),
    identity="task_definition_arn",
    natural_key=("family",),
    unique_in_aws=False,
    columns=(
        assigned("task_definition_arn", "varchar", "taskDefinitionArn"),
        fixed("family", "varchar", "family", not_null=True),
        assigned("revision", "integer", "revision", doc="NULL until it is applied."),
        assigned(
            "status",
            EnumType(name="task_definition_status_enum", values=("ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS")),
            "status",
            doc="NULL until it is applied.",
        ),
        fixed(
            "cpu_memory",
            EnumType(name="task_definition_cpu_memory_enum", values=containers.CPU_MEMORY),
            read=containers.cpu_memory,
            doc="The task's size, one of the pairs that Fargate has.",
        ),
        ref("task_role_name", "role", "taskRoleArn", type="varchar"),
        ref("execution_role_name", "role", "executionRoleArn", type="varchar"),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    parts=(CONTAINER_DEFINITION,),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    settles=30,
    listing=List(operation="list_task_definitions", items="taskDefinitionArns", params={"status": "ACTIVE"}),
    describe=Describe(
        operation="describe_task_definition",
        ids="taskDefinition",
        batch=1,
        items="taskDefinition",
        params={"include": ["TAGS"]},
        beside={"tags": "tags"},
    ),
    where=lambda description: (
        description.get("status") == "ACTIVE"
        and "FARGATE"
        in (description.get("requiresCompatibilities") or description.get("compatibilities") or ())
    ),
    create=(
        Call(
            operation="register_task_definition",
            params={
                "family": "family",
                **_TAGS.create,
                "networkMode": Initial(Const("awsvpc")),
                "requiresCompatibilities[0]": Initial(Const("FARGATE")),
                "cpu": Derived(containers.cpu_units, ("cpu_memory",)),
                "memory": Derived(containers.memory_mib, ("cpu_memory",)),
                "taskRoleArn": "task_role_name",
                "executionRoleArn": "execution_role_name",
                "containerDefinitions": Each(
                    "container_definition",
                    {
                        "name": "name",
                        "image": Derived(
                            lambda name, *more: containers.image(*more),
                            ("name", "image", "repository_name", "public_repository_name", "tag", "digest"),
                        ),
                        "essential": "essential",
                        "cpu": "cpu",
                        "memory": "memory",
                        "memoryReservation": "memory_reservation",
                        "portMappings[0].containerPort": "container_port",
                        "portMappings[0].hostPort": "host_port",
                        "portMappings[0].protocol": "protocol",
                        "environment": Derived(containers.environment, ("env_variables",)),
                        "logConfiguration.logDriver": When("log_group_name", Const("awslogs")),
                        _LOG_OPTIONS + "awslogs-group": "log_group_name",
                        _LOG_OPTIONS + "awslogs-region": Initial(When("log_group_name", Context("region"))),
                        _LOG_OPTIONS + "awslogs-stream-prefix": Initial(When("log_group_name", Const("ecs"))),
                    },
                ),
            },
            result="taskDefinition",
        ),
    ),
    update=_TAGS.update,
    carry=Carry(
        description=True,
        whole=("containerDefinitions.environment", "tags"),
        owned={"log_group_name": "logConfiguration", "container_port": "portMappings"},
    ),
    delete=(Call(operation="deregister_task_definition", params={"taskDefinition": "task_definition_arn"}),),
    absent=(),
    eventual=(
        ("ClientException", "Role is not valid"),
        ("ClientException", "role"),
        ("InvalidParameterException", "role"),
    ),
    hints={"ClientException": "Check task_definition.cpu_memory against its containers' memory and cpu."},
)
