"""https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"""

from modules import ownership
from modules.aws_lambda import arns, statements
from modules.spec import Call, Carry, Column, List, Per, Resource, Source, fixed, ref

_NAME: dict[str, Source] = {"FunctionName": "lambda_function_id", "StatementId": "statement_id"}


def _condition(name: str, key: str, doc: str) -> Column:
    return fixed(name, "varchar", "Condition", read=statements.condition(key), doc=doc)


LAMBDA_PERMISSION = Resource(
    table="lambda_permission",
    service="lambda",
    doc="Who may invoke a function besides those whose own policies let them: the statements of its policy. "
    "AWS changes none of them: another one takes its place, and for a moment there is none. Versions and "
    "aliases have policies of their own, which are not shown.",
    key=("id",),
    natural_key=("lambda_function_id", "statement_id"),
    unique=(("lambda_function_id", "statement_id"),),
    columns=(
        ref(
            "lambda_function_id",
            "lambda_function",
            "Resource",
            read=arns.unqualified,
            not_null=True,
            cascade=True,
        ),
        fixed(
            "statement_id",
            "varchar",
            "Sid",
            not_null=True,
            doc="Its name in the policy: letters, digits, hyphens and underscores.",
        ),
        fixed(
            "action",
            "varchar",
            "Action",
            not_null=True,
            default="'lambda:InvokeFunction'",
            doc="What it allows, such as lambda:InvokeFunctionUrl.",
        ),
        fixed(
            "principal",
            "varchar",
            "Principal",
            not_null=True,
            read=statements.principal,
            canonical=statements.same_principal,
            doc="Who: a service such as s3.amazonaws.com, an account's number, the ARN of a role or user, or "
            "* for everybody.",
        ),
        _condition(
            "source_arn",
            "AWS:SourceArn",
            "For a service: on whose behalf, such as a bucket's or a rule's ARN; * and ? stand for any text.",
        ),
        _condition("source_account", "AWS:SourceAccount", "For a service: the account on whose behalf."),
        _condition("principal_org_id", "aws:PrincipalOrgID", "The organization that who it is belongs to."),
        _condition(
            "function_url_auth_type",
            "lambda:FunctionUrlAuthType",
            "For lambda:InvokeFunctionUrl: NONE or AWS_IAM, as the function's URL has it.",
        ),
        fixed(
            "invoked_via_function_url",
            "boolean",
            "Condition",
            read=statements.flag("lambda:InvokedViaFunctionUrl"),
            doc="Whether it counts only for what comes by the function's URL.",
        ),
        _condition("event_source_token", "lambda:EventSourceToken", "For Alexa: the id of the skill."),
        ownership.managed_by(),
    ),
    within="lambda_function_id",
    listing=List(
        operation="get_policy",
        items="from_json(Policy).Statement",
        per=Per(table="lambda_function", params={"FunctionName": "name"}),
        absent=("ResourceNotFoundException",),
    ),
    where=lambda statement: statements.principal(statement.get("Principal")) is not None,
    create=(
        Call(
            operation="add_permission",
            params={
                **_NAME,
                "Action": "action",
                "Principal": "principal",
                "SourceArn": "source_arn",
                "SourceAccount": "source_account",
                "PrincipalOrgID": "principal_org_id",
                "FunctionUrlAuthType": "function_url_auth_type",
                "InvokedViaFunctionUrl": "invoked_via_function_url",
                "EventSourceToken": "event_source_token",
            },
            result="from_json(Statement)",
        ),
    ),
    # AWS has been seen to lose one of several that are added to a policy at once.
    fetch=Call(
        operation="get_policy",
        params={"FunctionName": "lambda_function_id"},
        result="from_json(Policy).Statement",
        where={"Sid": "statement_id"},
    ),
    carry=Carry(
        not_kept={
            "Qualifier": "versions and aliases have policies of their own",
            "RevisionId": "the engine looks itself at what it changes",
        }
    ),
    delete=(Call(operation="remove_permission", params=_NAME),),
    absent=("ResourceNotFoundException",),
    eventual=(
        # A role of now.
        ("InvalidParameterValueException", "principal was invalid"),
        # Somebody else is changing the function, or AWS is.
        ("ResourceConflictException", "cannot be performed at this time"),
    ),
    hints={
        "ResourceConflictException": "The function's policy has a statement of that name; iasql_sync() would "
        "show it as a row.",
        "InvalidParameterValueException": "A role or user that lambda_permission.principal names has to "
        "exist, and a service has to be one that AWS knows.",
        "PolicyLengthExceededException": "AWS takes 20 KB of statements for a function.",
    },
)
