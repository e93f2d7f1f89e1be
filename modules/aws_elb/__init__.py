"""Load balancers, what they listen on and where they send it."""

from modules.aws_elb.listener import LISTENER
from modules.aws_elb.load_balancer import LOAD_BALANCER
from modules.aws_elb.target_group import TARGET_GROUP
from modules.spec import Module

MODULE = Module(
    name="aws_elb",
    dependencies=("aws_security_group", "aws_acm"),
    resources=(LOAD_BALANCER, TARGET_GROUP, LISTENER),
    tables=("load_balancer", "target_group", "listener", "load_balancer_security_groups"),
    place=70,
)
