"""https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html"""

from modules import canonical, ownership, tagging
from modules.aws_lambda import arns, code, configuration
from modules.aws_lambda.configuration import DEAD, GROUPS, NAMED
from modules.aws_lambda.keeping import CARRY
from modules.spec import (
    SET,
    UNSET,
    After,
    Call,
    Describe,
    EnumType,
    List,
    Old,
    OnChange,
    Part,
    Resource,
    Settled,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
)

LAMBDA_FUNCTION_SECURITY_GROUPS = Part(
    table=GROUPS,
    doc="Which security groups stand around which function that is in a VPC.",
    parent=ref("lambda_function_id", "lambda_function", None, cascade=True, not_null=True),
    path="VpcConfig.SecurityGroupIds",
    columns=(ref("security_group_id", "security_group", "@", cascade=True, not_null=True),),
    key=("lambda_function_id", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
)

#: What AWS tells beside the configuration, without the address at which anybody may fetch the code.
_BESIDE = {
    "Tags": "Tags",
    "Concurrency": "Concurrency",
    "ImageUri": "Code.ImageUri",
    "SourceKMSKeyArn": "Code.SourceKMSKeyArn",
}
_RESERVED = "reserved_concurrent_executions"
_UPDATED = Waiter(name="function_updated_v2", params=NAMED, seconds=900)
_ACTIVE = Waiter(name="function_active_v2", params=NAMED, seconds=900, blocks=True)
_TAGS = tagging.functions("arn")

LAMBDA_FUNCTION = Resource(
    table="lambda_function",
    service="lambda",
    doc="Lambda functions, as they are at $LATEST; no apply invokes one. AWS may keep the subnets and "
    "security groups of one that has run in a VPC for 45 minutes after it is gone.",
    key=("id",),
    identity="arn",
    natural_key=("name",),
    unique=(("name",), ("arn",)),
    columns=(
        fixed("name", "varchar", "FunctionName", not_null=True),
        assigned("arn", "varchar", "FunctionArn"),
        column("description", "varchar", "Description", canonical=canonical.none_if_empty),
        fixed(
            "package_type",
            EnumType(name="lambda_function_package_type_enum", values=("Zip", "Image")),
            "PackageType",
            not_null=True,
            default="'Zip'",
            doc="AWS does not change it: a function of another kind has another name.",
        ),
        column(
            "architecture",
            EnumType(name="lambda_function_architecture_enum", values=("x86_64", "arm64")),
            "Architectures[0]",
            not_null=True,
            default="'x86_64'",
            doc="AWS changes it with the code, and wants to be told where that is.",
        ),
        column("runtime", "varchar", "Runtime", doc="Such as python3.13; of zip files only."),
        column("handler", "varchar", "Handler", doc="What is called in the code; of zip files only."),
        *code.COLUMNS,
        ref(
            "role_name",
            "role",
            "Role",
            type="varchar",
            on_change=OnChange.UPDATE,
            needed=True,
            doc="The role that the code has.",
        ),
        column("memory_size", "integer", "MemorySize", not_null=True, default="128", doc="MiB."),
        column("timeout", "integer", "Timeout", not_null=True, default="3", doc="Seconds, 900 at most."),
        column(
            "ephemeral_storage_size",
            "integer",
            "EphemeralStorage.Size",
            not_null=True,
            default="512",
            doc="MiB of /tmp.",
        ),
        column(
            "environment",
            "jsonb",
            "Environment.Variables",
            read=configuration.variables,
            canonical=configuration.variables,
            masked=True,
            doc="Environment variables, an object of names and texts. Plans do not show them, but the table "
            "and its history do: have Secrets Manager keep secrets, and name them here.",
        ),
        column(
            "kms_key_arn",
            "varchar",
            "KMSKeyArn",
            canonical=canonical.none_if_empty,
            doc="The key that encrypts the environment; NULL is AWS's own.",
        ),
        column(
            "layers",
            "text[]",
            "Layers",
            read=configuration.layers,
            canonical=canonical.none_if_empty,
            doc="ARNs of versions of layers, in the order in which AWS lays them over each other.",
        ),
        column(
            "tracing_mode",
            EnumType(name="lambda_function_tracing_mode_enum", values=("PassThrough", "Active")),
            "TracingConfig.Mode",
            not_null=True,
            default="'PassThrough'",
            doc="Active: X-Ray records some of the calls.",
        ),
        ref(
            "log_group_name",
            "log_group",
            "LoggingConfig.LogGroup",
            type="varchar",
            by="log_group_name",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
            dangles=True,
            doc="NULL is /aws/lambda/ and the function's name, which AWS makes when it is needed.",
        ),
        ref(
            DEAD[0],
            "queue",
            "DeadLetterConfig.TargetArn",
            by="arn",
            on_change=OnChange.UPDATE,
            dangles=True,
            doc="The queue for events that it could not work on, if nobody waited for an answer.",
        ),
        column(
            DEAD[1],
            "varchar",
            "DeadLetterConfig.TargetArn",
            unless=DEAD[:1],
            canonical=canonical.none_if_empty,
            doc="The same, of a topic, or of a queue that is no row.",
        ),
        column(
            _RESERVED,
            "integer",
            "Concurrency.ReservedConcurrentExecutions",
            doc="How many may run at once, kept free of what the account may run; 0 stops the function.",
        ),
        column(
            "subnets",
            "text[]",
            "VpcConfig.SubnetIds",
            refers="subnet",
            read=canonical.unordered,
            canonical=canonical.unordered,
            doc="Ids of the subnets of a VPC that the code can reach; security groups go with them.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, arns.replica_of, ownership.control_tower("FunctionName")),
    ),
    parts=(LAMBDA_FUNCTION_SECURITY_GROUPS,),
    checks=(
        *code.CHECKS,
        ("lambda_function_zip_has_a_handler", "package_type <> 'Zip' OR handler IS NOT NULL"),
        ("lambda_function_zip_has_a_runtime", "package_type <> 'Zip' OR runtime IS NOT NULL"),
        ("lambda_function_has_one_dead_letter_target", f"num_nonnulls({', '.join(DEAD)}) <= 1"),
    ),
    listing=List(operation="list_functions", items="Functions[].FunctionName", params={"MaxItems": 50}),
    describe=Describe(
        operation="get_function",
        ids="FunctionName",
        batch=1,
        items="Configuration",
        beside=_BESIDE,
    ),
    settled={
        "package_type": Settled(
            of=lambda function, values: True,
            why="AWS does not change it, and no two functions have one name.",
            hint="Give the function of the other kind another name.",
        ),
        "environment": Settled(
            of=configuration.is_unreadable,
            why="AWS cannot decrypt what is there, and so does not tell it.",
            hint="See that the function's key is enabled, and that you may use it; then call iasql_sync().",
        ),
    },
    create=(
        Call(
            operation="create_function",
            params={
                **configuration.NEW,
                "Code": code.NEW,
                "PackageType": "package_type",
                "Architectures[0]": "architecture",
                "CodeSigningConfigArn": Old("CodeSigningConfigArn"),
                **_TAGS.create,
            },
            result="@",
            then=_ACTIVE,
        ),
        Call(
            operation="put_function_concurrency",
            given=(_RESERVED, SET),
            params={**NAMED, "ReservedConcurrentExecutions": _RESERVED},
        ),
    ),
    # Until then AWS refuses most that concerns it.
    ready=_ACTIVE,
    fetch=Call(operation="get_function", params=NAMED, result="Configuration", beside=_BESIDE),
    # New code finds the variables that it needs; the old code goes on if AWS refuses the new.
    update=(
        Update(
            operation="update_function_configuration",
            when=configuration.COLUMNS,
            params=configuration.CHANGED,
            then=_UPDATED,
            taken_back=Call(operation="update_function_configuration", params=configuration.BEFORE),
        ),
        Update(
            operation="update_function_code",
            when=code.DEPLOYED,
            whole=True,
            params={**NAMED, **code.PARAMS},
            then=_UPDATED,
        ),
        Update(
            operation="put_function_concurrency",
            when=(_RESERVED,),
            given=(_RESERVED, SET),
            params={**NAMED, "ReservedConcurrentExecutions": _RESERVED},
        ),
        Update(
            operation="delete_function_concurrency",
            when=(_RESERVED,),
            given=(_RESERVED, UNSET),
            params=NAMED,
        ),
        *_TAGS.update,
    ),
    carry=CARRY,
    delete=(Call(operation="delete_function", params=NAMED),),
    after=(After(table="role_policy", shares="role_name", why="AWS looks at what the role may do"),),
    absent=("ResourceNotFoundException",),
    busy=("ResourceConflictException",),
    eventual=(
        # A role of now, and what it has just been allowed.
        ("InvalidParameterValueException", "cannot be assumed by Lambda"),
        ("InvalidParameterValueException", "execution role does not have permissions"),
        ("InvalidParameterValueException", "KMS key is invalid for CreateGrant"),
        # Somebody else is changing it, or AWS is.
        ("ResourceConflictException", "cannot be performed at this time"),
    ),
    hints={
        "ResourceConflictException": "AWS has a function of that name, which iasql_sync() would show as a "
        "row; or the function is being changed.",
        "InvalidParameterValueException": "Check where the code is, which AWS does not tell of a function "
        "that was there already; the role, the runtime and the handler. Subnets and security groups go "
        "together. AWS deletes a function at the edge some hours after no distribution uses it any more.",
        "CodeStorageExceededException": "The account has no room for more code: delete some versions.",
    },
)
