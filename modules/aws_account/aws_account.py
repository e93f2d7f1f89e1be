"""Who the engine is to AWS. Credentials are never in a table."""

from modules import ownership
from modules.spec import Context, List, Resource, assigned

AWS_ACCOUNT = Resource(
    table="aws_account",
    service="sts",
    doc="The AWS account, region and identity that the engine works with. AWS decides; edits are undone.",
    key=("id",),
    identity="account_id",
    natural_key=("account_id",),
    columns=(
        assigned("account_id", "varchar", "Account", doc="The account's twelve digits."),
        assigned(
            "region", "varchar", "Region", not_null=True, doc="The region in which resources are managed."
        ),
        assigned("identity", "varchar", "Arn", doc="ARN of the user or role whose credentials are used."),
        ownership.managed_by(None, ownership.always("AWS")),
    ),
    listing=List(operation="get_caller_identity", items="@", joins={"Region": Context("region")}),
    protected=lambda description: True,
)
