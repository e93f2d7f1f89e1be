"""What people ask of functions besides what a table shows."""

import base64

from modules.spec import Const, Derived, Function, Result


def _event(name: str, payload: str | None) -> str:
    """An event as AWS takes it; an empty object where nothing is said."""
    return base64.b64encode((payload or "{}").encode()).decode()


def _text(payload: str | None) -> str | None:
    return None if payload is None else base64.b64decode(payload).decode(errors="replace")


INVOKE = Function(
    name="iasql_invoke_lambda",
    doc="Calls a function with an event and waits a minute for what it answers. The journal has neither.",
    service="lambda",
    operation="invoke",
    parameters={"lambda_function_name": "text", "function_payload": "json DEFAULT NULL"},
    params={
        "FunctionName": "lambda_function_name",
        "InvocationType": Const("RequestResponse"),
        "Payload": Derived(_event, ("lambda_function_name", "function_payload")),
    },
    columns=(
        Result(name="function_name", type="varchar", path="Asked.FunctionName"),
        Result(name="version", type="varchar", path="ExecutedVersion"),
        Result(name="status", type="varchar", path="StatusCode", read=str),
        Result(name="payload", type="varchar", path="Payload", read=_text),
        Result(name="error", type="varchar", path="FunctionError"),
    ),
    sample="SELECT payload FROM iasql_invoke_lambda('orders', '{\"id\": 7}');",
)
