"""Virtual machines, their disks, keys and images."""

from modules.aws_ec2.ami import AMI
from modules.aws_ec2.functions import DESCRIBE_AMI, IMPORT_KEY, REQUEST_KEY
from modules.aws_ec2.general_purpose_volume import GENERAL_PURPOSE_VOLUME
from modules.aws_ec2.instance import INSTANCE
from modules.aws_ec2.instance_block_device_mapping import INSTANCE_BLOCK_DEVICE_MAPPING
from modules.aws_ec2.key_pair import KEY_PAIR
from modules.aws_ec2.launch_template import LAUNCH_TEMPLATE
from modules.aws_ec2.registered_instance import REGISTERED_INSTANCE
from modules.spec import Module

MODULE = Module(
    name="aws_ec2",
    dependencies=("aws_account", "aws_iam", "aws_security_group", "aws_elb"),
    resources=(
        AMI,
        KEY_PAIR,
        GENERAL_PURPOSE_VOLUME,
        INSTANCE,
        INSTANCE_BLOCK_DEVICE_MAPPING,
        LAUNCH_TEMPLATE,
        REGISTERED_INSTANCE,
    ),
    tables=(
        "ami",
        "key_pair",
        "general_purpose_volume",
        "instance",
        "instance_security_groups",
        "instance_block_device_mapping",
        "launch_template",
        "launch_template_security_groups",
        "registered_instance",
    ),
    functions=(DESCRIBE_AMI, IMPORT_KEY, REQUEST_KEY),
)
