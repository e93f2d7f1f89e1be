"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancer.html"""

from modules import canonical, ownership, tagging
from modules.aws_elb import attributes
from modules.aws_elb.defaults import default_security_group, one_subnet_per_zone
from modules.aws_elb.subnets import mappings, without_addresses
from modules.spec import (
    SET,
    Batched,
    Call,
    Carry,
    Choice,
    Derived,
    Detail,
    Each,
    Edited,
    EnumType,
    Kept,
    List,
    Lost,
    Old,
    OnChange,
    Part,
    Resource,
    Source,
    Update,
    Waiter,
    assigned,
    column,
    fixed,
    ref,
)

LOAD_BALANCER_SECURITY_GROUPS = Part(
    table="load_balancer_security_groups",
    doc="Which security groups stand around which load balancer; none is the default group of its VPC.",
    parent=ref("load_balancer_name", "load_balancer", None, type="varchar", cascade=True, not_null=True),
    path="SecurityGroups",
    columns=(ref("security_group_id", "security_group", "@", cascade=True, not_null=True),),
    key=("load_balancer_name", "security_group_id"),
    natural_key=("security_group_id",),
    on_change=OnChange.UPDATE,
    left_to_aws=True,
    chosen=Choice(table="security_group", choose=default_security_group),
)

_ARN: dict[str, Source] = {"LoadBalancerArn": "load_balancer_arn"}
_TAGS = tagging.elbv2("load_balancer_arn")

LOAD_BALANCER = Resource(
    table="load_balancer",
    service="elbv2",
    doc="Application, network and gateway load balancers.",
    key=("load_balancer_name",),
    identity="load_balancer_arn",
    natural_key=("load_balancer_name",),
    columns=(
        fixed("load_balancer_name", "varchar", "LoadBalancerName", not_null=True),
        assigned("load_balancer_arn", "varchar", "LoadBalancerArn"),
        assigned("dns_name", "varchar", "DNSName", doc="Where clients connect to."),
        assigned("canonical_hosted_zone_id", "varchar", "CanonicalHostedZoneId"),
        assigned(
            "created_time",
            "timestamptz",
            "CreatedTime",
            read=canonical.timestamp,
            canonical=canonical.instant,
        ),
        fixed(
            "scheme",
            EnumType(name="load_balancer_scheme_enum", values=("internal", "internet-facing")),
            "Scheme",
            not_null=True,
        ),
        assigned(
            "state",
            EnumType(
                name="load_balancer_state_enum",
                values=("active", "active_impaired", "failed", "provisioning"),
            ),
            "State.Code",
        ),
        fixed(
            "load_balancer_type",
            EnumType(
                name="load_balancer_load_balancer_type_enum", values=("application", "gateway", "network")
            ),
            "Type",
            not_null=True,
        ),
        column(
            "subnets",
            "varchar[]",
            "AvailabilityZones[].SubnetId",
            refers="subnet",
            left_to_aws=True,
            canonical=canonical.unordered,
            chosen=Choice(table="subnet", choose=one_subnet_per_zone),
            doc="Ids of the subnets; NULL is one in each zone of the VPC.",
        ),
        assigned(
            "availability_zones", "varchar[]", "AvailabilityZones[].ZoneName", canonical=canonical.unordered
        ),
        column(
            "ip_address_type",
            EnumType(
                name="load_balancer_ip_address_type_enum",
                values=("dualstack", "ipv4", "dualstack-without-public-ipv4"),
            ),
            "IpAddressType",
            not_null=True,
        ),
        fixed("customer_owned_ipv4_pool", "varchar", "CustomerOwnedIpv4Pool"),
        ref(
            "vpc",
            "vpc",
            "VpcId",
            default=lambda vpc: bool(vpc.get("IsDefault")),
            left_to_aws=True,
            doc="NULL is the VPC of the subnets, and without those the default VPC.",
        ),
        column(
            "attributes",
            "jsonb",
            "Attributes",
            not_null=True,
            default="'{}'",
            read=attributes.read,
            canonical=attributes.as_texts,
            doc='What is not as AWS makes it, by AWS\'s names: {"idle_timeout.timeout_seconds": "120", '
            '"deletion_protection.enabled": "true"}. An attribute that is taken out is set back. Protection '
            "has to be taken off in an apply of its own before the load balancer can be deleted.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    parts=(LOAD_BALANCER_SECURITY_GROUPS,),
    canonical=attributes.comparable,
    listing=List(operation="describe_load_balancers", items="LoadBalancers"),
    batched=(
        Batched(
            operation="describe_tags",
            ids="ResourceArns",
            of="LoadBalancerArn",
            batch=20,
            items="TagDescriptions",
            by="ResourceArn",
            value="Tags",
            into="Tags",
        ),
    ),
    details=(
        Detail(
            operation="describe_load_balancer_attributes",
            items="Attributes",
            into="Attributes",
            params={"LoadBalancerArn": "LoadBalancerArn"},
            absent=("LoadBalancerNotFound",),
            fetched=True,
        ),
    ),
    create=(
        Call(
            operation="create_load_balancer",
            params={
                "Name": "load_balancer_name",
                "Subnets": "subnets",
                "SecurityGroups": Each("load_balancer_security_groups", "security_group_id"),
                "Scheme": "scheme",
                "Type": "load_balancer_type",
                "IpAddressType": "ip_address_type",
                "CustomerOwnedIpv4Pool": "customer_owned_ipv4_pool",
                "EnablePrefixForIpv6SourceNat": Old("EnablePrefixForIpv6SourceNat"),
                "IpamPools": Old("IpamPools"),
                **_TAGS.create,
            },
            result="LoadBalancers[0]",
        ),
        Call(
            operation="modify_load_balancer_attributes",
            given=("attributes", SET),
            params={**_ARN, "Attributes": Derived(attributes.new, ("attributes",))},
        ),
    ),
    update=(
        Update(
            operation="set_security_groups",
            when=("load_balancer_security_groups",),
            params={
                **_ARN,
                "SecurityGroups": Each("load_balancer_security_groups", "security_group_id"),
                # AWS takes an omitted one for on.
                "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": Edited(
                    "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", lambda there: there, ()
                ),
            },
        ),
        Update(
            operation="set_subnets",
            when=("subnets",),
            params={
                **_ARN,
                "Subnets": Edited("AvailabilityZones", without_addresses, ("subnets",)),
                "SubnetMappings": Edited("AvailabilityZones", mappings, ("subnets",)),
                # AWS takes an omitted one for off.
                "EnablePrefixForIpv6SourceNat": Edited(
                    "EnablePrefixForIpv6SourceNat", lambda there: there if there == "on" else None, ()
                ),
            },
        ),
        Update(
            operation="set_ip_address_type",
            when=("ip_address_type",),
            params={**_ARN, "IpAddressType": "ip_address_type"},
        ),
        Update(
            operation="modify_load_balancer_attributes",
            when=("attributes",),
            needs="Attributes",
            params={
                **_ARN,
                "Attributes": Edited(
                    "Attributes", attributes.changed, ("attributes", *attributes.DEPENDS_ON)
                ),
            },
        ),
        *_TAGS.update,
    ),
    delete=(Call(operation="delete_load_balancer", params=_ARN),),
    undeletable=attributes.protection,
    carry=Carry(
        calls=(
            Kept(
                operation="set_security_groups",
                of="EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
                params={
                    **_ARN,
                    "SecurityGroups": Each("load_balancer_security_groups", "security_group_id"),
                    "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": Old(
                        "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
                    ),
                },
            ),
        ),
        not_kept={"SubnetMappings": "they are the subnets, with the elastic IP addresses, which are lost"},
        lost=(
            Lost(
                of="AvailabilityZones[].LoadBalancerAddresses[].AllocationId",
                what="its elastic IP addresses",
            ),
        ),
    ),
    fetch=Call(
        operation="describe_load_balancers",
        params={"LoadBalancerArns[0]": "load_balancer_arn"},
        result="LoadBalancers[0]",
    ),
    ready=Waiter(name="load_balancer_available", params={"LoadBalancerArns[0]": "load_balancer_arn"}),
    gone=Waiter(
        name="load_balancers_deleted", params={"LoadBalancerArns[0]": "load_balancer_arn"}, seconds=300
    ),
    absent=("LoadBalancerNotFound",),
    eventual=(
        ("SubnetNotFound", ""),
        ("InvalidSecurityGroup", ""),
        # The policy that lets it write its logs there may be made in the same apply.
        ("InvalidConfigurationRequest", "Access Denied for bucket"),
        # One that faces the internet waits for the gateway that the same apply makes.
        ("InvalidSubnet", "no internet gateway"),
    ),
    hints={
        "InvalidConfigurationRequest": "Check load_balancer.subnets and load_balancer_security_groups, "
        "all of one VPC, and load_balancer.attributes: AWS has to be allowed to write logs to a bucket.",
        "OperationNotPermitted": "The load balancer may be protected against deletion: see "
        "load_balancer.attributes.",
    },
)
