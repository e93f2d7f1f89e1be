"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Listener.html"""

from modules import canonical, ownership, tagging
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

#: The columns of the first default action.
_ACTION = ("action_type", "target_group_name", "redirect_config", "fixed_response_config")
_SENT: dict[str, Source] = {
    "Port": "port",
    "Protocol": "protocol",
    "SslPolicy": Edited("SslPolicy", actions.policy, ("ssl_policy", "protocol")),
    "Certificates": Edited("Certificates", actions.certificates, ("certificate_id", "protocol")),
    "DefaultActions": Edited("DefaultActions", actions.default, _ACTION),
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
            doc="Of its first action: forward, redirect or fixed-response. Others are shown, and kept.",
        ),
        ref("load_balancer_name", "load_balancer", "LoadBalancerArn", type="varchar", not_null=True),
        ref(
            "target_group_name",
            "target_group",
            "DefaultActions[0].TargetGroupArn",
            type="varchar",
            on_change=OnChange.UPDATE,
            doc="Where it forwards to; NULL leaves that as it is, such as several with weights.",
        ),
        column(
            "redirect_config",
            "jsonb",
            "DefaultActions[0].RedirectConfig",
            left_to_aws=True,
            read=actions.redirection,
            canonical=actions.redirection,
            doc="Where it redirects to, in AWS's words. NULL of a new one is HTTPS for good: "
            '{"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}.',
        ),
        column(
            "fixed_response_config",
            "jsonb",
            "DefaultActions[0].FixedResponseConfig",
            left_to_aws=True,
            read=canonical.plain,
            doc="What it answers by itself, in AWS's words, such as "
            '{"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no"}.',
        ),
        column(
            "ssl_policy",
            "varchar",
            "SslPolicy",
            left_to_aws=True,
            doc="Which versions of TLS and which ciphers it knows, such as "
            "ELBSecurityPolicy-TLS13-1-2-2021-06; NULL leaves that to AWS.",
        ),
        ref(
            "certificate_id",
            "certificate",
            "Certificates[0].CertificateArn",
            on_change=OnChange.UPDATE,
            left_to_aws=True,
            doc="The default certificate of a listener that encrypts. An apply waits until it is validated, "
            "for a quarter of an hour. NULL leaves it as it is, such as a certificate that IAM keeps.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    checks=(
        ("listener_forwards_to_its_target_group", "target_group_name IS NULL OR action_type = 'forward'"),
        ("listener_redirects_as_it_says", "redirect_config IS NULL OR action_type = 'redirect'"),
        (
            "listener_answers_as_it_says",
            "fixed_response_config IS NULL OR action_type = 'fixed-response'",
        ),
        (
            "listener_that_has_a_certificate_encrypts",
            "(certificate_id IS NULL AND ssl_policy IS NULL) OR protocol IN ('HTTPS', 'TLS')",
        ),
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
                **_TAGS.create,
                "AlpnPolicy": Old("AlpnPolicy"),
                "MutualAuthentication": Old("MutualAuthentication", actions.mutual_authentication),
            },
            result="Listeners[0]",
        ),
    ),
    update=(
        Update(
            operation="modify_listener",
            when=("port", "protocol", "ssl_policy", "certificate_id", *_ACTION),
            params={"ListenerArn": "listener_arn", **_SENT},
            result="Listeners[0]",
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
    hints={
        "DuplicateListener": "The load balancer has a listener on that port.",
        "CertificateNotFound": "Certificates are of one region: check listener.certificate_id.",
        "SSLPolicyNotFound": "`aws elbv2 describe-ssl-policies` lists what listener.ssl_policy can be.",
    },
)
