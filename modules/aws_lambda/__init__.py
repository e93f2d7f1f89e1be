"""Code that runs without servers of one's own."""

from modules.aws_lambda.functions import INVOKE
from modules.aws_lambda.lambda_alias import LAMBDA_ALIAS
from modules.aws_lambda.lambda_event_source import LAMBDA_EVENT_SOURCE
from modules.aws_lambda.lambda_function import LAMBDA_FUNCTION
from modules.aws_lambda.lambda_permission import LAMBDA_PERMISSION
from modules.spec import Module

MODULE = Module(
    name="aws_lambda",
    dependencies=("aws_iam", "aws_security_group", "aws_cloudwatch", "aws_sqs"),
    resources=(LAMBDA_FUNCTION, LAMBDA_ALIAS, LAMBDA_PERMISSION, LAMBDA_EVENT_SOURCE),
    tables=(
        "lambda_function",
        "lambda_function_security_groups",
        "lambda_alias",
        "lambda_permission",
        "lambda_event_source",
    ),
    place=90,
    functions=(INVOKE,),
)
