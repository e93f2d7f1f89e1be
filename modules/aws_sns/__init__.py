"""Topics that messages are published to."""

from modules.aws_sns.functions import SUBSCRIBE, UNSUBSCRIBE
from modules.aws_sns.subscription import SUBSCRIPTION
from modules.aws_sns.topic import TOPIC
from modules.spec import Module

MODULE = Module(
    name="aws_sns",
    dependencies=("aws_account",),
    resources=(TOPIC, SUBSCRIPTION),
    tables=("topic", "subscription"),
    functions=(SUBSCRIBE, UNSUBSCRIBE),
)
