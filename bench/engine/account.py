"""An account in memory: the operations that the tutorial's stack needs, as botocore names them.

It is as lenient as can be. What AWS refuses is the simulated AWS's business; this one is there to be fast.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

OWNER, REGION = "123456789012", "us-east-1"
#: Items a page, as AWS pages when it is not asked for fewer or more.
PAGE = {
    "describe_log_groups": ("logGroups", 50),
    "describe_repositories": ("repositories", 100),
    "describe_images": ("imageDetails", 1000),
    "list_roles": ("Roles", 100),
    "list_attached_role_policies": ("AttachedPolicies", 100),
    "list_clusters": ("clusterArns", 100),
    "list_services": ("serviceArns", 10),
    "list_task_definitions": ("taskDefinitionArns", 100),
    "describe_load_balancers": ("LoadBalancers", 400),
    "describe_target_groups": ("TargetGroups", 400),
    "describe_listeners": ("Listeners", 400),
    "describe_vpcs": ("Vpcs", 1000),
    "describe_subnets": ("Subnets", 1000),
    "describe_security_groups": ("SecurityGroups", 1000),
    "describe_security_group_rules": ("SecurityGroupRules", 1000),
}

Item = dict[str, Any]


class Account:
    """What AWS holds.

    Attributes:
        names: every id, ARN and name by which one call can mean what another has made.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._numbers = itertools.count(1)
        self.roles: dict[str, Item] = {}
        self.attached: dict[str, list[Item]] = {}
        self.log_groups: dict[str, Item] = {}
        self.repositories: dict[str, Item] = {}
        self.groups: dict[str, Item] = {}
        self.rules: dict[str, Item] = {}
        self.balancers: dict[str, Item] = {}
        self.targets: dict[str, Item] = {}
        self.listeners: dict[str, Item] = {}
        self.clusters: dict[str, Item] = {}
        self.definitions: dict[str, Item] = {}
        self.services: dict[str, Item] = {}
        self.vpc = self._id("vpc")
        self.subnets = {zone: self._id("subnet") for zone in "abc"}
        group = self._id("sg")
        self.groups[group] = self._group(group, "default", "default VPC security group")
        self._rule(group, True, "-1", {"CidrIpv4": "0.0.0.0/0"})

    def _id(self, kind: str) -> str:
        return self._known(f"{kind}-{next(self._numbers):017x}")

    def _known(self, name: str) -> str:
        self.names.add(name)
        return name

    def _arn(self, service: str, what: str) -> str:
        return self._known(f"arn:aws:{service}:{REGION}:{OWNER}:{what}")

    def get_caller_identity(self) -> Item:
        return {"Account": OWNER, "Arn": f"arn:aws:iam::{OWNER}:user/bench", "UserId": "bench"}

    # tags: none of it has any

    def list_tags_for_resource(self, resourceArn: str) -> Item:  # noqa: N803
        return {"tags": []}

    def get_resources(self, ResourceARNList: list[str]) -> Item:  # noqa: N803
        return {"ResourceTagMappingList": []}

    def describe_tags(self, ResourceArns: list[str]) -> Item:  # noqa: N803
        return {"TagDescriptions": [{"ResourceArn": each, "Tags": []} for each in ResourceArns]}

    # What there is nothing of.

    def describe_alarms(self, **more: Any) -> Item:
        return {"MetricAlarms": [], "CompositeAlarms": []}

    def get_account_authorization_details(self, **more: Any) -> Item:
        return {"Policies": [], "RoleDetailList": [], "UserDetailList": [], "GroupDetailList": []}

    def list_open_id_connect_providers(self) -> Item:
        return {"OpenIDConnectProviderList": []}

    def list_instance_profiles(self, **more: Any) -> Item:
        return {"InstanceProfiles": []}

    def describe_availability_zones(self, **more: Any) -> Item:
        return {"AvailabilityZones": []}

    def describe_internet_gateways(self, **more: Any) -> Item:
        return {"InternetGateways": []}

    def describe_egress_only_internet_gateways(self, **more: Any) -> Item:
        return {"EgressOnlyInternetGateways": []}

    def describe_nat_gateways(self, **more: Any) -> Item:
        return {"NatGateways": []}

    def describe_addresses(self, **more: Any) -> Item:
        return {"Addresses": []}

    def describe_route_tables(self, **more: Any) -> Item:
        return {"RouteTables": []}

    def describe_dhcp_options(self, **more: Any) -> Item:
        return {"DhcpOptions": []}

    def describe_network_acls(self, **more: Any) -> Item:
        return {"NetworkAcls": []}

    def describe_vpc_peering_connections(self, **more: Any) -> Item:
        return {"VpcPeeringConnections": []}

    def describe_vpc_endpoints(self, **more: Any) -> Item:
        return {"VpcEndpoints": []}

    def describe_flow_logs(self, **more: Any) -> Item:
        return {"FlowLogs": []}

    def list_certificates(self, **more: Any) -> Item:
        return {"CertificateSummaryList": []}

    # ec2

    def describe_vpc_attribute(self, VpcId: str, Attribute: str) -> Item:  # noqa: N803
        return {
            Attribute[0].upper() + Attribute[1:]: {"Value": Attribute != "enableNetworkAddressUsageMetrics"}
        }

    def describe_vpcs(self) -> Item:
        vpc = {"VpcId": self.vpc, "CidrBlock": "172.31.0.0/16", "State": "available", "IsDefault": True}
        return {"Vpcs": [vpc]}

    def describe_subnets(self) -> Item:
        return {
            "Subnets": [
                {
                    "SubnetId": subnet,
                    "VpcId": self.vpc,
                    "CidrBlock": f"172.31.{16 * number}.0/20",
                    "AvailabilityZone": REGION + zone,
                    "AvailableIpAddressCount": 4091,
                    "State": "available",
                    "DefaultForAz": True,
                    "OwnerId": OWNER,
                    "SubnetArn": f"arn:aws:ec2:{REGION}:{OWNER}:subnet/{subnet}",
                }
                for number, (zone, subnet) in enumerate(self.subnets.items())
            ]
        }

    def _group(self, group: str, name: str, description: str) -> Item:
        return {
            "GroupId": group,
            "GroupName": name,
            "Description": description,
            "VpcId": self.vpc,
            "OwnerId": OWNER,
        }

    def _rule(self, group: str, egress: bool, protocol: str, more: Item) -> Item:
        rule = {
            "SecurityGroupRuleId": self._id("sgr"),
            "GroupId": group,
            "GroupOwnerId": OWNER,
            "IsEgress": egress,
            "IpProtocol": protocol,
            "FromPort": -1,
            "ToPort": -1,
            "Tags": [],
            **more,
        }
        self.rules[rule["SecurityGroupRuleId"]] = rule
        return rule

    def create_security_group(self, GroupName: str, Description: str, VpcId: str) -> Item:  # noqa: N803
        group = self._id("sg")
        self.groups[group] = self._group(group, self._known(GroupName), Description)
        self._rule(group, True, "-1", {"CidrIpv4": "0.0.0.0/0"})
        return {"GroupId": group}

    def describe_security_groups(self, GroupIds: list[str] | None = None) -> Item:  # noqa: N803
        return {"SecurityGroups": [self.groups[each] for each in GroupIds or self.groups]}

    def describe_security_group_rules(
        self,
        Filters: list[Item] | None = None,  # noqa: N803
        SecurityGroupRuleIds: list[str] | None = None,  # noqa: N803
    ) -> Item:
        if SecurityGroupRuleIds is not None:
            return {"SecurityGroupRules": [self.rules[each] for each in SecurityGroupRuleIds]}
        groups = {each for some in Filters or () for each in some["Values"]}
        found = (rule for rule in self.rules.values() if not groups or rule["GroupId"] in groups)
        return {"SecurityGroupRules": list(found)}

    def modify_security_group_rules(self, GroupId: str, SecurityGroupRules: list[Item]) -> Item:  # noqa: N803
        for each in SecurityGroupRules:
            rule = each["SecurityGroupRule"]
            self.rules[each["SecurityGroupRuleId"]] |= {
                name: value for name, value in rule.items() if value is not None
            }
        return {"Return": True}

    def revoke_security_group_egress(self, GroupId: str, IpPermissions: list[Item]) -> Item:  # noqa: N803
        for name, rule in list(self.rules.items()):
            if rule["GroupId"] == GroupId and rule["IsEgress"]:
                del self.rules[name]
        return {}

    def authorize_security_group_ingress(self, GroupId: str, IpPermissions: list[Item]) -> Item:  # noqa: N803
        return {"SecurityGroupRules": self._authorize(GroupId, False, IpPermissions)}

    def authorize_security_group_egress(self, GroupId: str, IpPermissions: list[Item]) -> Item:  # noqa: N803
        return {"SecurityGroupRules": self._authorize(GroupId, True, IpPermissions)}

    def _authorize(self, group: str, egress: bool, permissions: list[Item]) -> list[Item]:
        return [
            self._rule(
                group,
                egress,
                permission["IpProtocol"],
                {
                    "FromPort": permission.get("FromPort", -1),
                    "ToPort": permission.get("ToPort", -1),
                    "CidrIpv4": each["CidrIp"],
                    "Description": each.get("Description", ""),
                },
            )
            for permission in permissions
            for each in permission["IpRanges"]
        ]

    # iam

    def create_role(self, RoleName: str, AssumeRolePolicyDocument: str, **more: str) -> Item:  # noqa: N803
        role = {
            "RoleName": self._known(RoleName),
            "Arn": self._known(f"arn:aws:iam::{OWNER}:role/{RoleName}"),
            "RoleId": f"AROA{RoleName}",
            "Path": "/",
            "AssumeRolePolicyDocument": AssumeRolePolicyDocument,
            **more,
        }
        self.roles[RoleName] = role
        self.attached[RoleName] = []
        return {"Role": role}

    def attach_role_policy(self, RoleName: str, PolicyArn: str) -> Item:  # noqa: N803
        self.attached[RoleName].append({"PolicyArn": PolicyArn, "PolicyName": PolicyArn.rpartition("/")[2]})
        return {}

    def get_role(self, RoleName: str) -> Item:  # noqa: N803
        return {"Role": self.roles[RoleName]}

    def list_roles(self) -> Item:
        return {"Roles": list(self.roles.values())}

    def list_attached_role_policies(self, RoleName: str) -> Item:  # noqa: N803
        return {"AttachedPolicies": self.attached[RoleName]}

    # logs and ecr

    def create_log_group(self, logGroupName: str) -> Item:  # noqa: N803
        self.log_groups[self._known(logGroupName)] = {
            "logGroupName": logGroupName,
            "arn": self._arn("logs", f"log-group:{logGroupName}:*"),
            "logGroupArn": self._arn("logs", f"log-group:{logGroupName}"),
            "creationTime": 1700000000000,
            "metricFilterCount": 0,
            "storedBytes": 0,
        }
        return {}

    def describe_log_groups(self, logGroupNamePrefix: str = "") -> Item:  # noqa: N803
        if logGroupNamePrefix in self.log_groups:
            return {"logGroups": [self.log_groups[logGroupNamePrefix]]}
        return {"logGroups": [self.log_groups[name] for name in sorted(self.log_groups)]}

    def create_repository(
        self,
        repositoryName: str,  # noqa: N803
        imageTagMutability: str,  # noqa: N803
        imageScanningConfiguration: Item,  # noqa: N803
    ) -> Item:
        repository = {
            "repositoryName": self._known(repositoryName),
            "repositoryArn": self._arn("ecr", f"repository/{repositoryName}"),
            "repositoryUri": self._known(f"{OWNER}.dkr.ecr.{REGION}.amazonaws.com/{repositoryName}"),
            "registryId": OWNER,
            "imageTagMutability": imageTagMutability,
            "imageScanningConfiguration": imageScanningConfiguration,
        }
        self.repositories[repositoryName] = repository
        return {"repository": repository}

    def describe_repositories(self) -> Item:
        return {"repositories": list(self.repositories.values())}

    def describe_images(self, repositoryName: str) -> Item:  # noqa: N803
        return {"imageDetails": []}

    def get_repository_policy(self, repositoryName: str) -> Item:  # noqa: N803
        error = {"Code": "RepositoryPolicyNotFoundException", "Message": repositoryName}
        raise ClientError({"Error": error}, "GetRepositoryPolicy")

    # elbv2

    def create_load_balancer(
        self,
        Name: str,  # noqa: N803
        Subnets: list[str],  # noqa: N803
        SecurityGroups: list[str],  # noqa: N803
        Scheme: str,  # noqa: N803
        Type: str,  # noqa: N803
        IpAddressType: str,  # noqa: N803
    ) -> Item:
        arn = self._arn("elasticloadbalancing", f"loadbalancer/app/{self._known(Name)}/0")
        zones = {subnet: zone for zone, subnet in self.subnets.items()}
        self.balancers[arn] = {
            "LoadBalancerArn": arn,
            "LoadBalancerName": Name,
            "DNSName": f"{Name}.{REGION}.elb.amazonaws.com",
            "CanonicalHostedZoneId": "Z3AADJGX6KTTL2",
            "CreatedTime": "2024-01-01T00:00:00+00:00",
            "Scheme": Scheme,
            "Type": Type,
            "VpcId": self.vpc,
            "State": {"Code": "active"},
            "AvailabilityZones": [
                {"ZoneName": REGION + zones[each], "SubnetId": each, "LoadBalancerAddresses": []}
                for each in Subnets
            ],
            "SecurityGroups": SecurityGroups,
            "IpAddressType": IpAddressType,
        }
        return {"LoadBalancers": [self.balancers[arn] | {"State": {"Code": "provisioning"}}]}

    def describe_load_balancers(self, LoadBalancerArns: list[str] | None = None) -> Item:  # noqa: N803
        return {"LoadBalancers": [self.balancers[each] for each in LoadBalancerArns or self.balancers]}

    def create_target_group(self, Name: str, **more: Any) -> Item:  # noqa: N803
        arn = self._arn("elasticloadbalancing", f"targetgroup/{self._known(Name)}/0")
        self.targets[arn] = {
            "TargetGroupArn": arn,
            "TargetGroupName": Name,
            "IpAddressType": "ipv4",
            "ProtocolVersion": "HTTP1",
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": 30,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 5,
            "UnhealthyThresholdCount": 2,
            "HealthCheckPath": "/",
            "Matcher": {"HttpCode": "200"},
            "LoadBalancerArns": [],
            **more,
        }
        return {"TargetGroups": [self.targets[arn]]}

    def describe_target_groups(self) -> Item:
        return {"TargetGroups": list(self.targets.values())}

    def describe_load_balancer_attributes(self, LoadBalancerArn: str) -> Item:  # noqa: N803
        return {"Attributes": []}

    def create_listener(self, LoadBalancerArn: str, **more: Any) -> Item:  # noqa: N803
        arn = self._arn("elasticloadbalancing", f"listener/{next(self._numbers)}")
        self.listeners[arn] = {"ListenerArn": arn, "LoadBalancerArn": LoadBalancerArn, **more}
        return {"Listeners": [self.listeners[arn]]}

    def describe_listeners(self, LoadBalancerArn: str) -> Item:  # noqa: N803
        found = [each for each in self.listeners.values() if each["LoadBalancerArn"] == LoadBalancerArn]
        return {"Listeners": found}

    # ecs

    def create_cluster(self, clusterName: str) -> Item:  # noqa: N803
        arn = self._arn("ecs", f"cluster/{self._known(clusterName)}")
        self.clusters[arn] = {"clusterArn": arn, "clusterName": clusterName, "status": "ACTIVE"}
        return {"cluster": self.clusters[arn]}

    def list_clusters(self) -> Item:
        return {"clusterArns": list(self.clusters)}

    def describe_clusters(self, clusters: list[str], include: Sequence[str] = ()) -> Item:
        return {"clusters": [self.clusters[each] for each in clusters]}

    def register_task_definition(self, family: str, **more: Any) -> Item:
        arn = self._arn("ecs", f"task-definition/{self._known(family)}:1")
        self.definitions[arn] = {
            "taskDefinitionArn": arn,
            "family": family,
            "revision": 1,
            "status": "ACTIVE",
            **more,
        }
        return {"taskDefinition": self.definitions[arn]}

    def list_task_definitions(self, status: str) -> Item:
        return {"taskDefinitionArns": list(self.definitions)}

    def describe_task_definition(self, taskDefinition: str, include: Sequence[str] = ()) -> Item:  # noqa: N803
        return {"taskDefinition": self.definitions[taskDefinition]}

    def create_service(self, cluster: str, serviceName: str, **more: Any) -> Item:  # noqa: N803
        arn = self._arn("ecs", f"service/{cluster.rpartition('/')[2]}/{self._known(serviceName)}")
        self.services[arn] = {
            "serviceArn": arn,
            "serviceName": serviceName,
            "clusterArn": cluster,
            "status": "ACTIVE",
            **more,
        }
        return {"service": self.services[arn]}

    def list_services(self, cluster: str) -> Item:
        found = [each["serviceArn"] for each in self.services.values() if each["clusterArn"] == cluster]
        return {"serviceArns": found}

    def describe_services(self, cluster: str, services: list[str], include: Sequence[str] = ()) -> Item:
        return {"services": [self.services[each] for each in services]}
