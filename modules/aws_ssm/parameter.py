"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.spec import (
    Batched,
    Call,
    Carry,
    Const,
    Derived,
    Description,
    Edited,
    EnumType,
    List,
    Look,
    Lost,
    Resource,
    Settled,
    Source,
    Update,
    Values,
    assigned,
    column,
    fixed,
)

_TAGS = tagging.parameter("name")
_SETTLED = ("name", "type", "value", "description", "tier", "policies", "data_type", "allowed_pattern")


def _is_secure(description: Description) -> bool:
    return description.get("Type") == "SecureString"


def _policies(told: Any) -> Any:
    return [canonical.document(each["PolicyText"]) for each in told or ()] or None


def _comparable(values: Values) -> Values:
    return {**values, "policies": values.get("policies") or None}


def _emptied(there: Any, policies: Any) -> str | None:
    """An omitted list is left as it is; one of an empty policy removes what is there."""
    return canonical.json_text(policies) if policies else "[{}]" if there else None


#: What a call sets whole; what is left out, AWS may set back.
_PUT: dict[str, Source] = {
    "Name": "name",
    "Type": "type",
    "Value": "value",
    "Description": Derived(lambda name, text: text or "", ("name", "description")),
    "Tier": Edited("Tier", lambda there, tier: tier or there, ("tier",)),
    "Policies": Edited("Policies", _emptied, ("policies",)),
    "DataType": "data_type",
    "AllowedPattern": Edited(
        "AllowedPattern", lambda there, text: text or ("" if there else None), ("allowed_pattern",)
    ),
}

PARAMETER = Resource(
    table="parameter",
    service="ssm",
    doc="Parameters of Systems Manager. A SecureString is shown without its value, and only its tags can be "
    "changed: AWS takes a change of anything else with the value only.",
    key=("name",),
    identity="arn",
    natural_key=("name",),
    unique=(("arn",),),
    columns=(
        fixed("name", "varchar", "Name", not_null=True),
        assigned("arn", "varchar", "ARN"),
        fixed(
            "type",
            EnumType(name="parameter_type_enum", values=("String", "StringList", "SecureString")),
            "Type",
            not_null=True,
            default="'String'",
        ),
        column(
            "value",
            "text",
            "Value",
            needed=True,
            doc="NULL of a SecureString, whose value is never read; so that no row makes one.",
        ),
        column("description", "varchar", "Description", canonical=canonical.none_if_empty),
        column(
            "tier",
            EnumType(name="parameter_tier_enum", values=("Standard", "Advanced", "Intelligent-Tiering")),
            "Tier",
            left_to_aws=True,
            doc="AWS does not let an advanced parameter become a standard one.",
        ),
        column(
            "policies",
            "jsonb",
            "Policies",
            read=_policies,
            doc="A list of documents, such as of an expiration; of advanced parameters only.",
        ),
        column("data_type", "varchar", "DataType", not_null=True, default="'text'"),
        column(
            "allowed_pattern",
            "varchar",
            "AllowedPattern",
            canonical=canonical.none_if_empty,
            doc="The regular expression that a value has to match.",
        ),
        assigned("key_id", "varchar", "KeyId", doc="The key that encrypts a SecureString."),
        assigned("version", "bigint", "Version"),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    checks=(("parameter_value_is_not_secret", "(value IS NULL) = (type = 'SecureString')"),),
    listing=List(operation="describe_parameters", items="Parameters", params={"MaxResults": 50}),
    batched=(
        Batched(
            operation="get_parameters",
            ids="Names",
            of="Name",
            batch=10,
            items="Parameters",
            by="Name",
            value="Value",
            into="Value",
            unless=_is_secure,
        ),
        # AWS's own operation tells the tags of one parameter.
        tagging.of_many("ARN"),
    ),
    canonical=_comparable,
    settled=dict.fromkeys(_SETTLED, Settled(of=lambda parameter, values: _is_secure(parameter))),
    create=(Call(operation="put_parameter", params={**_PUT, **_TAGS.create}),),
    fetch=Call(
        operation="describe_parameters",
        params={
            "ParameterFilters[0].Key": Const("Name"),
            "ParameterFilters[0].Option": Const("Equals"),
            "ParameterFilters[0].Values[0]": "name",
        },
        result="Parameters[0]",
    ),
    update=(
        Update(
            operation="put_parameter",
            when=_SETTLED[2:],
            whole=True,
            params={**_PUT, "Overwrite": Const(True)},
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        looks=(
            Look(
                operation="get_parameter_history",
                params={"Name": "name"},
                result="Parameters[:-1].Version",
                into="Earlier",
            ),
            Look(
                operation="get_parameter_history",
                params={"Name": "name"},
                result="Parameters[].Labels[]",
                into="Labels",
            ),
        ),
        lost=(
            Lost(of="Earlier", what="its earlier versions"),
            Lost(of="Labels", what="the labels of its versions"),
        ),
        not_kept={"KeyId": "it is of SecureStrings, which are not replaced"},
    ),
    delete=(Call(operation="delete_parameter", params={"Name": "name"}),),
    absent=("ParameterNotFound",),
    eventual=(("TooManyUpdates", ""),),
    hints={
        "ParameterAlreadyExists": "AWS has a parameter of that name; iasql_sync() would show it as a row.",
        "ParameterPatternMismatchException": "parameter.value does not match parameter.allowed_pattern.",
        "ValidationException": "AWS limits the name, the value and the tier of a parameter.",
    },
)
