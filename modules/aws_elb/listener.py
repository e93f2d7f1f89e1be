"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Listener.html"""

from modules import ownership, tagging
from modules.aws_elb import actions
from modules.aws_elb.enums import PROTOCOLS
from modules.spec import (
    Batched,
    Call,
    Carry,
    Edited,
    EnumType,
    Item,
    Kept,
    List,
    Look,
    Lost,
    Old,
    OnChange,
    Per,
    Resource,
    Source,
    Update,
    assigned,
    column,
    ref,
)

_SENT: dict[str, Source] = {
    "Port": "port",
    "Protocol": "protocol",
    "DefaultActions": Edited("DefaultActions", actions.default, ("action_type", "target_group_name")),
}

_TAGS = tagging.elbv2("listener_arn")

LISTENER = Resource(
    table="listener",
    service="elbv2",
    doc="The port and protocol that a load balancer accepts, and where it sends what comes.",
    key=("id",),
    identity="listener_arn",
    natural_key=("load_balancer_name", "port"),
    unique=(("load_balancer_name", "port"),),
    columns=(
        assigned("listener_arn", "varchar", "ListenerArn"),
        column("port", "integer", "Port", not_null=True),
        column(
            "protocol", EnumType(name="listener_protocol_enum", values=PROTOCOLS), "Protocol", not_null=True
        ),
        column(
            "action_type",
            EnumType(
                name="listener_action_type_enum",
                values=(
                    "forward",
                    "authenticate-oidc",
                    "authenticate-cognito",
                    "redirect",
                    "fixed-response",
                ),
            ),
            "DefaultActions[0].Type",
            not_null=True,
            default="'forward'",
            doc="Of its first action. Rows can be written for forward only; others are shown, and kept.",
        ),
        ref("load_balancer_name", "load_balancer", "LoadBalancerArn", type="varchar", not_null=True),
        ref(
            "target_group_name",
            "target_group",
            "DefaultActions[0].TargetGroupArn",
            type="varchar",
            on_change=OnChange.UPDATE,
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    within="load_balancer_name",
    listing=List(
        operation="describe_listeners",
        items="Listeners",
        per=Per(table="load_balancer", params={"LoadBalancerArn": "load_balancer_arn"}),
        absent=("LoadBalancerNotFound",),
    ),
    batched=(
        Batched(
            operation="describe_tags",
            ids="ResourceArns",
            of="ListenerArn",
            batch=20,
            items="TagDescriptions",
            by="ResourceArn",
            value="Tags",
            into="Tags",
        ),
    ),
    create=(
        Call(
            operation="create_listener",
            params={
                "LoadBalancerArn": "load_balancer_name",
                **_SENT,
                "SslPolicy": Old("SslPolicy"),
                **_TAGS.create,
                "Certificates": Old("Certificates", actions.certificates),
                "AlpnPolicy": Old("AlpnPolicy"),
                "MutualAuthentication": Old("MutualAuthentication", actions.mutual_authentication),
            },
            result="Listeners[0]",
        ),
    ),
    update=(
        Update(
            operation="modify_listener",
            when=("port", "protocol", "action_type", "target_group_name"),
            params={"ListenerArn": "listener_arn", **_SENT},
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        looks=(
            Look(
                operation="describe_rules",
                params={"ListenerArn": "listener_arn"},
                result="Rules[?!IsDefault]",
                into="Rules",
            ),
            Look(
                operation="describe_listener_certificates",
                params={"ListenerArn": "listener_arn"},
                result="Certificates[?!IsDefault].{CertificateArn: CertificateArn}",
                into="MoreCertificates",
            ),
            Look(
                operation="describe_listener_attributes",
                params={"ListenerArn": "listener_arn"},
                result="Attributes",
                into="Attributes",
            ),
        ),
        calls=(
            Kept(
                operation="add_listener_certificates",
                of="MoreCertificates",
                unless="MoreCertificates",
                params={"ListenerArn": "listener_arn", "Certificates": Old("MoreCertificates")},
            ),
            Kept(
                operation="modify_listener_attributes",
                of="Attributes",
                unless="Attributes",
                params={"ListenerArn": "listener_arn", "Attributes": Old("Attributes")},
            ),
            Kept(
                operation="create_rule",
                of="Rules",
                each=True,
                params={
                    "ListenerArn": "listener_arn",
                    "Priority": Item("Priority", int),
                    "Conditions": Item("Conditions", actions.conditions),
                    "Actions": Item("Actions"),
                    "Transforms": Item("Transforms"),
                },
            ),
        ),
        lost=(
            Lost(
                of="DefaultActions[].AuthenticateOidcConfig.ClientId",
                what="the secrets of its identity providers' clients",
            ),
            Lost(
                of="Rules[].Actions[].AuthenticateOidcConfig.ClientId",
                what="the secrets of its rules' identity providers' clients",
            ),
        ),
    ),
    delete=(Call(operation="delete_listener", params={"ListenerArn": "listener_arn"}),),
    absent=("ListenerNotFound", "LoadBalancerNotFound"),
    eventual=(("LoadBalancerNotFound", ""), ("TargetGroupNotFound", "")),
    hints={"DuplicateListener": "The load balancer has a listener on that port."},
)
