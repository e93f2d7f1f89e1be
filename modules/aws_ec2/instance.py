"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html"""

from modules import ownership, tagging
from modules.aws_ec2 import instances
from modules.aws_ec2.instances import attribute, switch
from modules.spec import (
    Call,
    Carry,
    Const,
    Derived,
    Detail,
    Each,
    EnumType,
    List,
    Look,
    Lost,
    Old,
    OnChange,
    Part,
    Resource,
    Settled,
    Source,
    Token,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
)

INSTANCE_SECURITY_GROUPS = Part(
    table="instance_security_groups",
    doc="Which security groups stand around which instance; none is the default group of its VPC.",
    parent=ref("instance_id", "instance", None, cascade=True, not_null=True),
    path="SecurityGroups",
    columns=(ref("security_group_id", "security_group", "GroupId", cascade=True, not_null=True),),
    key=("instance_id", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
    left_to_aws=True,
)

_ID: dict[str, Source] = {"InstanceIds[0]": "instance_id"}
_GROUPS = Each("instance_security_groups", "security_group_id", some=True)
_METADATA = {
    "HttpTokens": "http_tokens",
    "HttpPutResponseHopLimit": "http_put_response_hop_limit",
    "HttpEndpoint": "http_endpoint",
    "InstanceMetadataTags": "instance_metadata_tags",
}
_RUNNING = Waiter(name="instance_running", params=_ID, seconds=900)
_STOPPED = Waiter(name="instance_stopped", params=_ID, seconds=900)
_TAGS = tagging.ec2("instance", "instance_id")
_OWNER = ownership.managed_by(_TAGS, instances.operator, instances.spot)

INSTANCE = Resource(
    table="instance",
    service="ec2",
    doc="Virtual machines. One that has been terminated is no row. Deleting a row terminates its instance, "
    "and AWS deletes those of its volumes that are to go with it, as the root device mostly is.",
    key=("id",),
    identity="instance_id",
    natural_key=("instance_id",),
    called=instances.called,
    unique_in_aws=False,
    newborn=instances.is_new,
    unique_if_not_null=("instance_id",),
    columns=(
        assigned("instance_id", "varchar", "InstanceId", doc="AWS's id of the instance."),
        fixed("ami", "varchar", "ImageId", not_null=True, doc="The id of its image, such as ami-0abc."),
        column(
            "instance_type",
            "varchar",
            "InstanceType",
            not_null=True,
            doc="Such as t3.micro. AWS changes it while the instance is stopped only.",
        ),
        fixed(
            "key_pair_name",
            "varchar",
            "KeyName",
            doc="The key pair that the instance was made with, which may be gone since.",
        ),
        column(
            "state",
            EnumType(name="instance_state_enum", values=("running", "stopped", "hibernate")),
            "State",
            not_null=True,
            default="'running'",
            read=instances.state,
            canonical=instances.hibernating,
            doc="Another one starts the instance, stops it, or has it hibernate, which AWS tells as stopped.",
        ),
        column(
            "user_data",
            "text",
            secret=True,
            left_to_aws=True,
            doc="What the instance is told at its first start. It is sent and never read: one that was there "
            "already has NULL, and NULL leaves it alone. AWS changes it while the instance is stopped only. "
            "Plans do not show it, but the table and its history do: have AWS keep secrets.",
        ),
        fixed(
            "hibernation_enabled",
            "boolean",
            "HibernationOptions.Configured",
            not_null=True,
            default="false",
            read=bool,
        ),
        ref("subnet_id", "subnet", "SubnetId", left_to_aws=True, doc="NULL: one of the default VPC's."),
        ref(
            "instance_profile_name",
            "instance_profile",
            "IamInstanceProfile.Arn",
            type="varchar",
            on_change=OnChange.UPDATE,
            doc="The instance profile, by which the instance has a role.",
        ),
        column(
            "http_tokens",
            EnumType(name="instance_http_tokens_enum", values=("optional", "required")),
            "MetadataOptions.HttpTokens",
            left_to_aws=True,
            doc="required: metadata are told only to who has asked for a session token (IMDSv2).",
        ),
        column(
            "http_put_response_hop_limit",
            "integer",
            "MetadataOptions.HttpPutResponseHopLimit",
            left_to_aws=True,
        ),
        column(
            "http_endpoint",
            EnumType(name="instance_http_endpoint_enum", values=("disabled", "enabled")),
            "MetadataOptions.HttpEndpoint",
            left_to_aws=True,
        ),
        column(
            "instance_metadata_tags",
            EnumType(name="instance_instance_metadata_tags_enum", values=("disabled", "enabled")),
            "MetadataOptions.InstanceMetadataTags",
            left_to_aws=True,
        ),
        column(
            "ebs_optimized",
            "boolean",
            "EbsOptimized",
            left_to_aws=True,
            doc="AWS changes it while the instance is stopped only.",
        ),
        column(
            "monitoring",
            "boolean",
            "Monitoring.State",
            not_null=True,
            default="false",
            read=instances.is_monitored,
            doc="Whether CloudWatch gets metrics each minute, and not each five.",
        ),
        column(
            "source_dest_check",
            "boolean",
            "SourceDestCheck",
            not_null=True,
            default="true",
            read=instances.is_checked,
            doc="Off for what forwards packets of others.",
        ),
        column(
            "disable_api_termination",
            "boolean",
            "DisableApiTermination.Value",
            left_to_aws=True,
            doc="Termination protection. It has to be taken off in an apply of its own before the instance "
            "can be deleted. NULL of what something else manages: AWS is not asked then.",
        ),
        _TAGS.column,
        _OWNER,
    ),
    parts=(INSTANCE_SECURITY_GROUPS,),
    checks=(("instance_ami_is_an_id", "ami LIKE 'ami-%'"),),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    reflects=("BlockDeviceMappings",),
    listing=List(
        operation="describe_instances",
        items="Reservations[].Instances[]",
        params={
            "Filters": [{"Name": "instance-state-name", "Values": list(instances.THERE)}],
            "MaxResults": 1000,
        },
    ),
    details=(
        # AWS tells it of one instance a call.
        Detail(
            operation="describe_instance_attribute",
            items="DisableApiTermination",
            into="DisableApiTermination",
            params={"InstanceId": "InstanceId", "Attribute": "'disableApiTermination'"},
            fetched=True,
            unless=lambda description: bool(_OWNER.read and _OWNER.read(description)),
        ),
    ),
    create=(
        Call(
            operation="run_instances",
            params={
                "MinCount": Const(1),
                "MaxCount": Const(1),
                "ImageId": "ami",
                "InstanceType": "instance_type",
                "KeyName": "key_pair_name",
                "UserData": Derived(lambda text: text or None, ("user_data",)),
                "SubnetId": "subnet_id",
                "SecurityGroupIds": _GROUPS,
                "IamInstanceProfile.Arn": "instance_profile_name",
                **{f"MetadataOptions.{name}": source for name, source in _METADATA.items()},
                "MetadataOptions.HttpProtocolIpv6": Old("MetadataOptions.HttpProtocolIpv6"),
                "EbsOptimized": "ebs_optimized",
                "Monitoring.Enabled": "monitoring",
                # AWS refuses the structure for types that do not hibernate.
                "HibernationOptions.Configured": Derived(lambda on: on or None, ("hibernation_enabled",)),
                "DisableApiTermination": "disable_api_termination",
                "TagSpecifications": Derived(instances.tags_of_new, ("tags",)),
                "ClientToken": Token(),
                "InstanceInitiatedShutdownBehavior": Old("InstanceInitiatedShutdownBehavior.Value"),
                "DisableApiStop": Old("DisableApiStop.Value"),
                "Placement.Affinity": Old("Placement.Affinity"),
                "Placement.GroupName": Old("Placement.GroupName", read=lambda name: name or None),
                "Placement.HostId": Old("Placement.HostId"),
                "Placement.HostResourceGroupArn": Old("Placement.HostResourceGroupArn"),
                "Placement.PartitionNumber": Old("Placement.PartitionNumber"),
                "Placement.SpreadDomain": Old("Placement.SpreadDomain"),
                "Placement.Tenancy": Old("Placement.Tenancy"),
                "CapacityReservationSpecification": Old(
                    "CapacityReservationSpecification", read=instances.reservation
                ),
                "EnclaveOptions.Enabled": Old("EnclaveOptions.Enabled", read=lambda on: on or None),
                "MaintenanceOptions.AutoRecovery": Old("MaintenanceOptions.AutoRecovery"),
                "PrivateDnsNameOptions": Old("PrivateDnsNameOptions"),
                "NetworkPerformanceOptions.BandwidthWeighting": Old(
                    "NetworkPerformanceOptions.BandwidthWeighting"
                ),
                "LicenseSpecifications": Old("Licenses", read=lambda some: some or None),
            },
            result="Instances[0]",
            then=_RUNNING,
        ),
        Call(
            operation="modify_instance_attribute",
            given=("source_dest_check", False),
            params={"InstanceId": "instance_id", "SourceDestCheck.Value": "source_dest_check"},
        ),
        Call(operation="stop_instances", given=("state", "stopped"), params=_ID, then=_STOPPED),
        Call(
            operation="stop_instances",
            given=("state", "hibernate"),
            params={**_ID, "Hibernate": Const(True)},
            then=_STOPPED,
        ),
    ),
    fetch=Call(operation="describe_instances", params=_ID, result="Reservations[0].Instances[0]"),
    update=(
        switch("stop_instances", "state", "stopped", then=_STOPPED),
        switch("stop_instances", "state", "hibernate", then=_STOPPED, params={"Hibernate": Const(True)}),
        attribute("InstanceType.Value", "instance_type"),
        attribute("EbsOptimized.Value", "ebs_optimized"),
        attribute("UserData.Value", "user_data", Derived(lambda text: text.encode(), ("user_data",))),
        attribute("SourceDestCheck.Value", "source_dest_check"),
        attribute("DisableApiTermination.Value", "disable_api_termination"),
        attribute("Groups", "instance_security_groups", _GROUPS),
        Update(
            operation="modify_instance_metadata_options",
            when=tuple(_METADATA.values()),
            params={"InstanceId": "instance_id", **_METADATA},
        ),
        switch("monitor_instances", "monitoring", True),
        switch("unmonitor_instances", "monitoring", False),
        *instances.profile_updates("instance_profile_name"),
        switch("start_instances", "state", "running", then=_RUNNING),
        *_TAGS.update,
    ),
    settled=dict.fromkeys(
        ("instance_type", "ebs_optimized", "user_data"),
        Settled(
            of=instances.goes_on,
            why="AWS changes it while the instance is stopped only, and an apply stops nothing that its row "
            "lets run.",
            hint="Set instance.state to stopped in the same change, and to running in a later one.",
        ),
    ),
    undeletable=instances.protection,
    # Its root device, and what else the image has.
    brings=("general_purpose_volume", "instance_block_device_mapping"),
    carry=Carry(
        looks=tuple(
            Look(
                operation="describe_instance_attribute",
                params={"InstanceId": "instance_id", "Attribute": Const(name)},
                result=key,
                into=key,
            )
            for name, key in (
                ("instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior"),
                ("disableApiStop", "DisableApiStop"),
            )
        ),
        lost=(
            Lost(
                of="InstanceId",
                what="what is on its disks, its addresses, its CPU and credit options, and user data that "
                "its row does not have",
            ),
            Lost(of="NetworkInterfaces[1:].NetworkInterfaceId", what="its further interfaces"),
        ),
        not_kept=instances.NOT_KEPT,
    ),
    delete=(Call(operation="terminate_instances", params=_ID),),
    gone=Waiter(name="instance_terminated", params=_ID, seconds=900),
    absent=("InvalidInstanceID.NotFound",),
    eventual=(
        # What the same apply makes, and AWS does not see yet.
        ("InvalidKeyPair.NotFound", ""),
        ("InvalidParameterValue", "Invalid IAM Instance Profile"),
        ("InvalidGroup.NotFound", ""),
        ("InvalidSubnetID.NotFound", ""),
        ("InvalidInstanceID.NotFound", ""),
        # It is being started or stopped.
        ("IncorrectInstanceState", ""),
    ),
    hints={
        "InvalidAMIID.NotFound": "Images are of one region: check instance.ami.",
        "InvalidKeyPair.NotFound": "Check instance.key_pair_name: key_pair has the names.",
        "IncorrectInstanceState": "Wait until the instance is running, or stopped, and apply again.",
        "OperationNotPermitted": "The instance may be protected from being stopped or terminated.",
    },
)
