"""Queues of messages."""

from modules.aws_sqs.queue import QUEUE
from modules.spec import Module

MODULE = Module(name="aws_sqs", dependencies=("aws_account",), resources=(QUEUE,), tables=("queue",))
