"""What people ask of users besides what a table shows."""

from modules.spec import Function, Result

REQUEST_KEY = Function(
    name="iasql_access_key_request",
    doc="Makes an access key for a user, and returns its secret, this once: AWS does not tell it again, and "
    "iasql does not keep it. iasql_sync() then shows the key in access_key.",
    service="iam",
    operation="create_access_key",
    parameters={"user_name": "text"},
    params={"UserName": "user_name"},
    anywhere=True,
    columns=(
        Result(name="status", type="varchar", path="AccessKey.Status"),
        Result(name="message", type="varchar", path="AccessKey.UserName"),
        Result(name="access_key_id", type="varchar", path="AccessKey.AccessKeyId"),
        Result(name="secret_access_key", type="varchar", path="AccessKey.SecretAccessKey"),
    ),
    sample="SELECT access_key_id, secret_access_key FROM iasql_access_key_request('deployer');",
)
