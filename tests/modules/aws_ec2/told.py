"""What botocore's models do not say of what EC2 tells."""

from tests.modules.told import ABSENT

EXAMPLES = {
    "instance": {
        "Instances.State.Name": ("stopped", "running"),
        "Instances.Monitoring.State": ("enabled", "disabled"),
        "IamInstanceProfileAssociations.State": "associated",
        # What somebody else manages is asked less.
        "Instances.SpotInstanceRequestId": ABSENT,
        "Instances.Operator": ABSENT,
        # It is one or the other.
        "CapacityReservationSpecification.CapacityReservationTarget": (
            ABSENT,
            {"CapacityReservationId": "cr-1"},
        ),
        "CapacityReservationSpecification.CapacityReservationPreference": ("none", ABSENT),
        # What is off is off in a new one, and is not sent.
        "HibernationOptions.Configured": True,
        "EnclaveOptions.Enabled": True,
        # A new one of a protected one would not be made.
        "DisableApiTermination.Value": False,
    },
    "general_purpose_volume": {
        "Volumes.VolumeType": "gp3",
        "Volumes.State": "available",
        "Volumes.Iops": (4000, 5000),
        "Volumes.OutpostArn": ("arn:aws:outposts:us-east-1:111111111111:outpost/op-1", ABSENT),
        "Volumes.Operator": ABSENT,
    },
    "launch_template": {
        "LaunchTemplates.Operator": ABSENT,
        "LaunchTemplateVersions.Operator": ABSENT,
        # It is one or the other.
        "IamInstanceProfile.Arn": ("arn:aws:iam::111111111111:instance-profile/q/p", ABSENT),
        "IamInstanceProfile.Name": (ABSENT, "p"),
    },
    "registered_instance": {
        "Target.Id": ("i-1", "i-2"),
        "TargetHealth.State": ("healthy", "initial"),
        "describe_instances.State.Name": ("running", "stopped"),
    },
    "instance_block_device_mapping": {"BlockDeviceMappings.Ebs.Status": "attached"},
}

_OF_NEW = "the create's second call sets one attribute; the first has set the others"
EXCUSED = {
    "launch_template": {
        "DefaultVersion": "what AWS tells of a version by that name is whether it is the default one",
        "LaunchTemplateName": "the id says which one",
        "modify_launch_template.LaunchTemplateId": "it says which one",
        "LaunchTemplateData.Operator": "templates that AWS runs are not changed",
    },
    "instance": {
        "ClientToken": "each is made by one of its own",
        "DisableApiStop.Value": _OF_NEW,
        "DisableApiTermination.Value": _OF_NEW,
        "InstanceInitiatedShutdownBehavior.Value": _OF_NEW,
        "InstanceType": _OF_NEW,
    },
}
