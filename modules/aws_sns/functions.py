"""What people ask of topics besides what a table shows."""

from modules.spec import Const, Function, Result

SUBSCRIBE = Function(
    name="iasql_subscribe",
    doc="Subscribes an endpoint to a topic. AWS asks the endpoint first, if it is not in this account.",
    service="sns",
    operation="subscribe",
    parameters={"topic_arn": "text", "protocol": "text", "endpoint": "text"},
    params={
        "TopicArn": "topic_arn",
        "Protocol": "protocol",
        "Endpoint": "endpoint",
        "ReturnSubscriptionArn": Const(True),
    },
    columns=(Result(name="arn", type="varchar", path="SubscriptionArn"),),
    sample="SELECT * FROM iasql_subscribe((SELECT arn FROM topic WHERE name = 'news'), 'email', 'a@b.org');",
)
UNSUBSCRIBE = Function(
    name="iasql_unsubscribe",
    doc="Ends a subscription.",
    service="sns",
    operation="unsubscribe",
    parameters={"subscription_arn": "text"},
    params={"SubscriptionArn": "subscription_arn"},
    columns=(Result(name="arn", type="varchar", path="Asked.SubscriptionArn"),),
    sample="SELECT * FROM iasql_unsubscribe('arn:aws:sns:us-east-1:123456789012:news:f3a9…');",
)
