"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplate.html"""

from modules import canonical, ownership, tagging
from modules.aws_ec2 import instances, launch_templates
from modules.aws_ec2.launch_templates import SAID
from modules.spec import (
    Answered,
    Batched,
    Call,
    Carry,
    Const,
    Edited,
    EnumType,
    List,
    Look,
    Lost,
    OnChange,
    Part,
    Resource,
    Source,
    Token,
    Update,
    assigned,
    column,
    fixed,
    ref,
)

LAUNCH_TEMPLATE_SECURITY_GROUPS = Part(
    table="launch_template_security_groups",
    doc="Which security groups an instance of a launch template is in.",
    parent=ref("launch_template_id", "launch_template", None, cascade=True, not_null=True),
    path="LaunchTemplateData.SecurityGroupIds",
    columns=(ref("security_group_id", "security_group", "@", cascade=True, not_null=True),),
    key=("launch_template_id", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
)

_ID: dict[str, Source] = {"LaunchTemplateId": "launch_template_id"}
_TAGS = tagging.ec2("launch-template", "launch_template_id")
#: A change of any of them is a new version.
_OF_VERSION = ("version_description", *SAID)
_NEW = "create_launch_template_version"


_NUMBER = Answered(_NEW, "LaunchTemplateVersion.VersionNumber", read=str)
_DEFAULT: dict[str, Source] = {**_ID, "Versions[0]": Const("$Default")}


def _option(name: str, *values: str) -> EnumType:
    return EnumType(name=f"launch_template_{name}_enum", values=values)


LAUNCH_TEMPLATE = Resource(
    table="launch_template",
    service="ec2",
    doc="Launch templates: what new instances of Auto Scaling groups and others are made with. Rows show the "
    "default version. A change is a new version, made of that with all that no column shows, which becomes "
    "the default one. Versions that were there stay.",
    key=("id",),
    identity="launch_template_id",
    natural_key=("name",),
    unique=(("name",),),
    columns=(
        assigned("launch_template_id", "varchar", "LaunchTemplateId", doc="AWS's id of the template."),
        fixed(
            "name",
            "varchar",
            "LaunchTemplateName",
            not_null=True,
            doc="Three characters at least: letters, digits and -()./_",
        ),
        assigned("default_version", "integer", "DefaultVersionNumber", doc="The version that the row shows."),
        assigned("latest_version", "integer", "LatestVersionNumber"),
        column(
            "version_description",
            "varchar",
            "VersionDescription",
            canonical=canonical.none_if_empty,
            doc="What is said of the version.",
        ),
        column(
            "ami",
            "varchar",
            "LaunchTemplateData.ImageId",
            doc="The id of an image, or resolve:ssm: and the name of a parameter that has it.",
        ),
        column("instance_type", "varchar", "LaunchTemplateData.InstanceType", doc="Such as t3.micro."),
        column("key_pair_name", "varchar", "LaunchTemplateData.KeyName"),
        ref(
            "instance_profile_name",
            "instance_profile",
            "LaunchTemplateData.IamInstanceProfile",
            type="varchar",
            by="instance_profile_name",
            on_change=OnChange.UPDATE,
            read=launch_templates.profile,
            doc="The instance profile, by which instances have a role.",
        ),
        column(
            "iam_instance_profile",
            "varchar",
            "LaunchTemplateData.IamInstanceProfile",
            read=launch_templates.profile,
            unless=("instance_profile_name",),
            doc="The name of an instance profile that has no row.",
        ),
        column(
            "user_data",
            "text",
            "LaunchTemplateData.UserData",
            secret=True,
            left_to_aws=True,
            doc="What instances are told at their first start. It is sent and never read: a template that "
            "was there already has NULL, and NULL leaves it alone. An empty text takes it away. Plans do not "
            "show it, but the table and its history do: have AWS keep secrets.",
        ),
        column(
            "block_device_mappings",
            "jsonb",
            "LaunchTemplateData.BlockDeviceMappings",
            read=canonical.none_if_empty,
            doc='Disks, as AWS has them: [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20}}].',
        ),
        column(
            "http_tokens",
            _option("http_tokens", "optional", "required"),
            "LaunchTemplateData.MetadataOptions.HttpTokens",
            left_to_aws=True,
            doc="required: metadata are told only to who has asked for a session token (IMDSv2).",
        ),
        column(
            "http_put_response_hop_limit",
            "integer",
            "LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit",
            left_to_aws=True,
        ),
        column(
            "http_endpoint",
            _option("http_endpoint", "disabled", "enabled"),
            "LaunchTemplateData.MetadataOptions.HttpEndpoint",
            left_to_aws=True,
        ),
        column(
            "instance_metadata_tags",
            _option("instance_metadata_tags", "disabled", "enabled"),
            "LaunchTemplateData.MetadataOptions.InstanceMetadataTags",
            left_to_aws=True,
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, instances.operator),
    ),
    parts=(LAUNCH_TEMPLATE_SECURITY_GROUPS,),
    canonical=launch_templates.comparable,
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    # One call tells the default versions of all.
    listing=List(
        operation="describe_launch_template_versions",
        items="LaunchTemplateVersions",
        params={"Versions": ["$Default"], "MaxResults": 200},
    ),
    batched=(
        Batched(
            operation="describe_launch_templates",
            ids="LaunchTemplateIds",
            of="LaunchTemplateId",
            batch=200,
            params={"MaxResults": 200},
            items="LaunchTemplates",
            by="LaunchTemplateId",
            value="@",
            into="",
            fetched=True,
        ),
    ),
    create=(
        Call(
            operation="create_launch_template",
            params={
                "LaunchTemplateName": "name",
                "VersionDescription": "version_description",
                "LaunchTemplateData": Edited("LaunchTemplateData", launch_templates.data, SAID),
                "ClientToken": Token(),
                **_TAGS.create,
            },
            result="LaunchTemplate",
        ),
    ),
    fetch=Call(
        operation="describe_launch_template_versions",
        params=_DEFAULT,
        result="LaunchTemplateVersions[0]",
    ),
    update=(
        Update(
            operation=_NEW,
            when=_OF_VERSION,
            whole=True,
            params={
                **_ID,
                "VersionDescription": "version_description",
                "LaunchTemplateData": Edited("LaunchTemplateData", launch_templates.data, SAID, seen=True),
                "ClientToken": Token(),
            },
            seen=Call(
                operation="describe_launch_template_versions",
                params=_DEFAULT,
                result="LaunchTemplateVersions[0]",
            ),
            taken_back=Call(
                operation="delete_launch_template_versions",
                params={**_ID, "Versions[0]": _NUMBER},
                refused="UnsuccessfullyDeletedLaunchTemplateVersions[].ResponseError",
            ),
        ),
        Update(
            operation="modify_launch_template",
            when=_OF_VERSION,
            params={**_ID, "DefaultVersion": _NUMBER},
            needs="DefaultVersion",
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        looks=(
            Look(
                operation="describe_launch_template_versions",
                params=_ID,
                result="LaunchTemplateVersions[?!DefaultVersion].VersionNumber",
                into="Others",
            ),
        ),
        lost=(Lost(of="Others", what="its other versions"),),
        not_kept={
            "SourceVersion": "a new version is sent whole, so that what is taken away is gone",
            "ResolveAlias": "it is about the answer",
            "LaunchTemplateName": "its id says which one",
            "Operator": "templates that AWS runs are not changed",
        },
    ),
    delete=(Call(operation="delete_launch_template", params=_ID),),
    absent=("InvalidLaunchTemplateId.NotFound",),
    eventual=(
        ("InvalidLaunchTemplateId.NotFound", ""),
        ("InvalidLaunchTemplateId.VersionNotFound", ""),
    ),
    hints={
        "InvalidLaunchTemplateName.AlreadyExistsException": "AWS has a template of that name; iasql_sync() "
        "would show it as a row.",
        "MissingParameter": "A launch template says something: an image, or an instance type.",
    },
)
