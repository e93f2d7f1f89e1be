"""Topics that messages are published to."""

from modules.aws_sns.functions import SUBSCRIBE, UNSUBSCRIBE
from modules.aws_sns.topic import TOPIC
from modules.spec import Module

MODULE = Module(
    name="aws_sns",
    dependencies=("aws_account",),
    resources=(TOPIC,),
    tables=("topic",),
    functions=(SUBSCRIBE, UNSUBSCRIBE),
)
