"""https://docs.aws.amazon.com/lambda/latest/api/API_AliasConfiguration.html"""

from modules import canonical, ownership
from modules.aws_lambda import arns
from modules.spec import (
    Call,
    Carry,
    Derived,
    Kept,
    List,
    Look,
    Lost,
    Old,
    Per,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
    ref,
)

_NAMED: dict[str, Source] = {"FunctionName": "lambda_function_id", "Name": "name"}
_QUALIFIED: dict[str, Source] = {"FunctionName": "lambda_function_id", "Qualifier": "name"}
_INVOKED = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_ABSENT = "ResourceNotFoundException"


def _look(operation: str, into: str, result: str = "@", absent: str = _ABSENT) -> Look:
    """Looks at what an alias has of its own, if it has that."""
    return Look(operation=operation, params=_QUALIFIED, result=result, into=into, tolerate=(absent,))


LAMBDA_ALIAS = Resource(
    table="lambda_alias",
    service="lambda",
    doc="Aliases: names for a version of a function, or for two of which each gets some of the calls. "
    "Versions are no rows: iasql_call('lambda', 'publish_version', …) makes one.",
    key=("id",),
    identity="arn",
    natural_key=("lambda_function_id", "name"),
    unique=(("lambda_function_id", "name"),),
    columns=(
        assigned("arn", "varchar", "AliasArn"),
        ref(
            "lambda_function_id",
            "lambda_function",
            "AliasArn",
            read=arns.unqualified,
            not_null=True,
            cascade=True,
        ),
        fixed("name", "varchar", "Name", not_null=True, doc="Letters, digits, hyphens and underscores."),
        column(
            "function_version",
            "varchar",
            "FunctionVersion",
            not_null=True,
            default="'$LATEST'",
            doc="The version that it stands for, such as 3.",
        ),
        column("description", "varchar", "Description", canonical=canonical.none_if_empty),
        column(
            "additional_version_weights",
            "jsonb",
            "RoutingConfig.AdditionalVersionWeights",
            read=canonical.none_if_empty,
            canonical=canonical.none_if_empty,
            doc='Another version, and the part of the calls that it gets: {"4": 0.1}.',
        ),
        ownership.managed_by(),
    ),
    within="lambda_function_id",
    listing=List(
        operation="list_aliases",
        items="Aliases",
        params={"MaxItems": 50},
        per=Per(table="lambda_function", params={"FunctionName": "name"}),
        absent=(_ABSENT,),
    ),
    create=(
        Call(
            operation="create_alias",
            params={
                **_NAMED,
                "FunctionVersion": "function_version",
                "Description": "description",
                "RoutingConfig.AdditionalVersionWeights": Derived(dict, ("additional_version_weights",)),
            },
            result="@",
            whole=True,
        ),
    ),
    fetch=Call(operation="get_alias", params=_NAMED, result="@"),
    update=(
        Update(
            operation="update_alias",
            when=("function_version", "description", "additional_version_weights"),
            params={
                **_NAMED,
                "FunctionVersion": "function_version",
                "Description": Derived(lambda name, text: text or "", ("name", "description")),
                "RoutingConfig.AdditionalVersionWeights": Derived(
                    lambda name, weights: weights or {}, ("name", "additional_version_weights")
                ),
            },
            result="@",
        ),
    ),
    carry=Carry(
        looks=(
            _look("get_policy", "Policy", "Policy"),
            _look("get_function_url_config", "FunctionUrl", "FunctionUrl"),
            _look("get_function_event_invoke_config", "Invoked"),
            _look(
                "get_provisioned_concurrency_config",
                "Provisioned",
                absent="ProvisionedConcurrencyConfigNotFoundException",
            ),
        ),
        calls=(
            Kept(
                operation="put_function_event_invoke_config",
                of="Invoked",
                params={**_QUALIFIED, **{name: Old(f"Invoked.{name}") for name in _INVOKED}},
            ),
            Kept(
                operation="put_provisioned_concurrency_config",
                of="Provisioned",
                params={
                    **_QUALIFIED,
                    "ProvisionedConcurrentExecutions": Old(
                        "Provisioned.RequestedProvisionedConcurrentExecutions"
                    ),
                },
            ),
        ),
        lost=(
            Lost(of="Policy", what="its own policy"),
            Lost(of="FunctionUrl", what="its URL"),
        ),
        not_kept={"RevisionId": "the engine looks itself at what it changes"},
    ),
    delete=(Call(operation="delete_alias", params=_NAMED),),
    absent=(_ABSENT,),
    eventual=(
        # Somebody else is changing the function, or AWS is.
        ("ResourceConflictException", "cannot be performed at this time"),
    ),
    hints={
        "ResourceConflictException": "The function has an alias of that name; iasql_sync() would show it.",
        _ABSENT: "The function has no such version: iasql_call('lambda', 'publish_version', …) makes one.",
        "InvalidParameterValueException": "Calls go to two versions at most, and neither of them is $LATEST.",
    },
)
