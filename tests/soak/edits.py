"""Random edits of rows, by the model's rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

from tests.soak.kinds import KINDS, Attributes
from tests.soak.model import Key, State
from tests.soak.seen import PLAIN_SERVICE

Statement = tuple[str, tuple[Any, ...]]

POLICIES = (
    "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
)
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}'
)
#: The tables whose tags count, with the column of the name.
TAGGED = {
    "cluster": "cluster_name",
    "log_group": "log_group_name",
    "repository": "repository_name",
    "role": "role_name",
    "security_group": "group_name",
}
TAGS = ("team", "stage")
VALUES = ("a", "b")
_SIZES = ("vCPU0.25-0.5GB", "vCPU0.5-1GB", "vCPU1-2GB")
_IMAGES = ("nginx", "redis")
NAMES = ("one", "two", "three", "four")
PORTS = (80, 443)
CIDRS = ("10.0.0.0/8", "192.168.0.0/16")
_NETWORKS = ("10.1.0.0/16", "10.2.0.0/16")
#: What a group's or target group's other attributes are follows from its name: AWS replaces those it
#: could only change by deleting what is in use, which a plan refuses.
TARGET_PORTS = {"one": 8001, "two": 8002, "three": 8003, "four": 8004}


def description(group: str) -> str:
    """A security group's description."""
    return f"group {group}"


class Edit:
    """Some random changes of rows, in one transaction.

    Attributes:
        after: the rows then.
        statements: what makes them so.
        dropped: the resources whose rows are deleted; some have a new one.
    """

    def __init__(self, before: State, random: Random) -> None:
        self.after = deepcopy(before)
        self.statements: list[Statement] = []
        self.dropped: set[tuple[str, Key]] = set()
        self._random = random
        for _ in range(random.choice((1, 3, 6, 15))):
            random.choice(_EDITS)(self)

    def _has(self, table: str) -> list[Key]:
        return sorted(self.after[table], key=repr)

    def _pick(self, table: str) -> Key | None:
        """Any resource of a table."""
        return self._random.choice(self._has(table)) if self.after[table] else None

    def _new(self, table: str) -> str | None:
        """A name that no resource of a table has."""
        free = [name for name in NAMES if (name,) not in self.after[table]]
        return self._random.choice(free) if free else None

    def _do(self, sql: str, *values: Any) -> None:
        self.statements.append((sql, values))

    def _drop(self, table: str, column: str, key: Key) -> None:
        self._gone(table, key)
        self._do(f"DELETE FROM {table} WHERE {column} = %s", key[0])

    def _gone(self, table: str, key: Key) -> None:
        del self.after[table][key]
        self.dropped.add((table, key))

    def _users(self, table: str, attribute: str, name: str) -> Iterator[Key]:
        """The resources that name another in an attribute, alone or among others."""
        for key, values in self.after[table].items():
            value = values[attribute]
            if value == name or (isinstance(value, tuple) and name in value):
                yield key

    # What can be done, a table after the other -------------------------------------------------------

    def tag(self) -> None:
        table = self._random.choice(sorted(TAGGED))
        if (key := self._pick(table)) is None:
            return
        name, value = self._random.choice(TAGS), self._random.choice((*VALUES, None))
        tags = self.after[table][key]["tags"]
        tags.pop(name, None)
        where = f"WHERE {TAGGED[table]} = %s"
        if value is None:
            self._do(f"UPDATE {table} SET tags = tags - %s::text {where}", name, key[0])
        else:
            tags[name] = value
            self._do(
                f"UPDATE {table} SET tags = coalesce(tags, '{{}}') || jsonb_build_object(%s::text, %s::text) "
                f"{where}",
                *(name, value, key[0]),
            )

    def log_group(self) -> None:
        if (name := self._new("log_group")) and self._random.random() < 0.6:
            self.after["log_group"][name,] = {"tags": {}}
            self._do("INSERT INTO log_group (log_group_name) VALUES (%s)", name)
        elif key := self._pick("log_group"):
            self._drop("log_group", "log_group_name", key)

    def repository(self) -> None:
        key, scan = self._pick("repository"), self._random.random() < 0.5
        if (name := self._new("repository")) and self._random.random() < 0.5:
            self.after["repository"][name,] = {"scan": scan, "tags": {}}
            self._do("INSERT INTO repository (repository_name, scan_on_push) VALUES (%s, %s)", name, scan)
        elif key and self._random.random() < 0.6:
            self.after["repository"][key]["scan"] = scan
            self._do("UPDATE repository SET scan_on_push = %s WHERE repository_name = %s", scan, key[0])
        elif key:
            self._drop("repository", "repository_name", key)

    def role(self) -> None:
        key = self._pick("role")
        policies = tuple(sorted(self._random.sample(POLICIES, self._random.randint(0, 2))))
        values: Attributes = {
            "description": self._random.choice((None, "one", "two")),
            "policies": policies,
        }
        if (name := self._new("role")) and self._random.random() < 0.5:
            self.after["role"][name,] = {**values, "tags": {}}
            self._do(
                "INSERT INTO role (role_name, assume_role_policy_document, description, "
                "attached_policies_arns) VALUES (%s, %s, %s, %s)",
                *(name, TRUST, values["description"], list(policies)),
            )
        elif key and self._random.random() < 0.6:
            self.after["role"][key] |= values
            self._do(
                "UPDATE role SET description = %s, attached_policies_arns = %s WHERE role_name = %s",
                *(values["description"], list(policies), key[0]),
            )
        elif key and not list(self._users("task_definition", "role", key[0])):
            self._drop("role", "role_name", key)

    def network(self) -> None:
        free = [cidr for cidr in _NETWORKS if (cidr,) not in self.after["vpc"]]
        key = self._pick("vpc")
        if free and self._random.random() < 0.4:
            cidr = self._random.choice(free)
            self.after["vpc"][cidr,] = {}
            self._do("INSERT INTO vpc (cidr_block) VALUES (%s)", cidr)
        elif key:
            inside = [each for each in self.after["subnet"] if each[0] == key[0]]
            if not inside and self._random.random() < 0.6:
                cidr = key[0].replace("0.0/16", "1.0/24")
                self.after["subnet"][key[0], cidr] = {}
                self._do(
                    "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
                    "SELECT id, %s, 'us-east-1a' FROM vpc WHERE cidr_block = %s",
                    *(cidr, key[0]),
                )
            else:
                self._drop_network(key, inside)

    def _drop_network(self, key: Key, inside: Iterable[Key]) -> None:
        for each in inside:
            self._gone("subnet", each)
        for table in ("subnet", "security_group_rule", "security_group"):
            which = "vpc_id" if table != "security_group_rule" else "security_group_id"
            owner = "SELECT id FROM vpc WHERE cidr_block = %s"
            if table == "security_group_rule":
                owner = f"SELECT id FROM security_group WHERE vpc_id IN ({owner})"
            self._do(f"DELETE FROM {table} WHERE {which} IN ({owner})", key[0])
        self._drop("vpc", "cidr_block", key)

    def security_group(self) -> None:
        if (name := self._new("security_group")) and self._random.random() < 0.7:
            self.after["security_group"][name,] = {"tags": {}}
            self._do(
                "INSERT INTO security_group (group_name, description) VALUES (%s, %s)",
                *(name, description(name)),
            )
        elif key := self._pick("security_group"):
            used = [*self._users("load_balancer", "groups", key[0])]
            used += self._users("service", "groups", key[0])
            if not used:
                for rule in [each for each in self.after["security_group_rule"] if each[0] == key[0]]:
                    self._gone("security_group_rule", rule)
                self._do(
                    "DELETE FROM security_group_rule WHERE security_group_id IN "
                    "(SELECT id FROM security_group WHERE group_name = %s)",
                    key[0],
                )
                self._drop("security_group", "group_name", key)

    def security_group_rule(self) -> None:
        if (group := self._pick("security_group")) is None:
            return
        port, cidr = self._random.choice(PORTS), self._random.choice(CIDRS)
        about = self._random.choice((None, "one", "two"))
        rule = (group[0], port, cidr)
        where = (
            "WHERE NOT is_egress AND from_port = %s AND cidr_ipv4 = %s AND security_group_id = "
            "(SELECT id FROM security_group WHERE group_name = %s)"
        )
        which = (port, cidr, group[0])
        if rule not in self.after["security_group_rule"]:
            self.after["security_group_rule"][rule] = {"description": about}
            self._do(
                "INSERT INTO security_group_rule (is_egress, ip_protocol, from_port, to_port, cidr_ipv4, "
                "description, security_group_id) SELECT false, 'tcp', %s, %s, %s, %s, id "
                "FROM security_group WHERE group_name = %s",
                *(port, port, cidr, about, group[0]),
            )
        elif self._random.random() < 0.5:
            self.after["security_group_rule"][rule] = {"description": about}
            self._do(f"UPDATE security_group_rule SET description = %s {where}", about, *which)
        else:
            self._gone("security_group_rule", rule)
            self._do(f"DELETE FROM security_group_rule {where}", *which)

    def target_group(self) -> None:
        if (name := self._new("target_group")) and self._random.random() < 0.7:
            self.after["target_group"][name,] = {}
            self._do(
                "INSERT INTO target_group (target_group_name, target_type, protocol, port, "
                "health_check_path) VALUES (%s, 'ip', 'HTTP', %s, '/health')",
                *(name, TARGET_PORTS[name]),
            )
        elif key := self._pick("target_group"):
            used = [*self._users("listener", "target", key[0]), *self._users("service", "target", key[0])]
            if not used:
                self._drop("target_group", "target_group_name", key)

    def load_balancer(self) -> None:
        groups = [name for (name,) in self._has("security_group")]
        if not groups:
            return
        chosen = tuple(sorted(self._random.sample(groups, self._random.randint(1, min(2, len(groups))))))
        scheme = self._random.choice(("internal", "internet-facing"))
        key = self._pick("load_balancer")
        if (name := self._new("load_balancer")) and self._random.random() < 0.4:
            self.after["load_balancer"][name,] = {"scheme": scheme, "groups": chosen}
            self._do(
                "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, "
                "ip_address_type) VALUES (%s, %s, 'application', 'ipv4')",
                *(name, scheme),
            )
            self._set_groups("load_balancer", "load_balancer_name", name, chosen)
        elif key and self._random.random() < 0.5:
            self.after["load_balancer"][key]["groups"] = chosen
            self._set_groups("load_balancer", "load_balancer_name", key[0], chosen)
        elif key and self._random.random() < 0.3:
            self.after["load_balancer"][key]["scheme"] = scheme
            self._do("UPDATE load_balancer SET scheme = %s WHERE load_balancer_name = %s", scheme, key[0])
        elif key and not [each for each in self.after["listener"] if each[0] == key[0]]:
            self._drop("load_balancer", "load_balancer_name", key)

    def _set_groups(self, table: str, column: str, name: str, groups: Iterable[str]) -> None:
        part = f"{table}_security_groups"
        owner = column if table == "load_balancer" else "service_name"
        self._do(f"DELETE FROM {part} WHERE {owner} = %s", name)
        self._do(
            f"INSERT INTO {part} ({owner}, security_group_id) "
            "SELECT %s, id FROM security_group WHERE group_name = ANY (%s)",
            *(name, list(groups)),
        )

    def listener(self) -> None:
        balancer, target = self._pick("load_balancer"), self._pick("target_group")
        if balancer is None or target is None:
            return
        port = self._random.choice(PORTS)
        old = self.after["listener"].get((balancer[0], port))
        if old is None:
            self.after["listener"][balancer[0], port] = {"target": target[0]}
            self._do(
                "INSERT INTO listener (load_balancer_name, port, protocol, action_type, target_group_name) "
                "VALUES (%s, %s, 'HTTP', 'forward', %s)",
                *(balancer[0], port, target[0]),
            )
        elif not list(self._users("service", "target", old["target"])):
            if self._random.random() < 0.5:
                old["target"] = target[0]
                self._do(
                    "UPDATE listener SET target_group_name = %s WHERE load_balancer_name = %s AND port = %s",
                    *(target[0], balancer[0], port),
                )
            else:
                self._gone("listener", (balancer[0], port))
                self._do(
                    "DELETE FROM listener WHERE load_balancer_name = %s AND port = %s", balancer[0], port
                )

    def cluster(self) -> None:
        if (name := self._new("cluster")) and self._random.random() < 0.6:
            self.after["cluster"][name,] = {"tags": {}}
            self._do("INSERT INTO cluster (cluster_name) VALUES (%s)", name)
        elif (key := self._pick("cluster")) and not list(self._users("service", "cluster", key[0])):
            self._drop("cluster", "cluster_name", key)

    def task_definition(self) -> None:
        if (role := self._pick("role")) is None:
            return
        key, size = self._pick("task_definition"), self._random.choice(_SIZES)
        image = self._random.choice(_IMAGES)
        if (name := self._new("task_definition")) and self._random.random() < 0.4:
            self.after["task_definition"][name,] = {"size": size, "role": role[0], "image": image}
            self._do(
                "INSERT INTO task_definition (family, cpu_memory, execution_role_name) VALUES (%s, %s, %s)",
                *(name, size, role[0]),
            )
            self._do(
                "INSERT INTO container_definition (task_definition_id, name, essential, image, "
                "container_port, host_port, protocol) "
                "SELECT id, 'main', true, %s, 80, 80, 'tcp' FROM task_definition WHERE family = %s",
                *(image, name),
            )
        elif key and self._random.random() < 0.7:
            self.after["task_definition"][key] |= {"size": size, "role": role[0]}
            self._do(
                "UPDATE task_definition SET cpu_memory = %s, execution_role_name = %s WHERE family = %s",
                *(size, role[0], key[0]),
            )
        elif key and not list(self._users("service", "family", key[0])):
            self._do(
                "DELETE FROM container_definition WHERE task_definition_id = "
                "(SELECT id FROM task_definition WHERE family = %s)",
                key[0],
            )
            self._drop("task_definition", "family", key)

    def service(self) -> None:
        # It is known by the name that it is seen by.
        self._do(f"UPDATE service SET name = {PLAIN_SERVICE} WHERE name <> {PLAIN_SERVICE}")
        cluster, family = self._pick("cluster"), self._pick("task_definition")
        group, key = self._pick("security_group"), self._pick("service")
        if key and self._random.random() < 0.3:
            self._do("DELETE FROM service_security_groups WHERE service_name = %s", key[0])
            self._drop("service", "name", key)
        elif cluster and family and group:
            count = self._random.randint(0, 3)
            if (name := self._new("service")) and (key is None or self._random.random() < 0.4):
                self._new_service(name, cluster[0], family[0], group[0], count)
            elif key:
                changed = {"count": count, "family": family[0], "groups": (group[0],)}
                self.after["service"][key] |= changed
                self._do(
                    "UPDATE service SET desired_count = %s, task_definition_id = "
                    "(SELECT id FROM task_definition WHERE family = %s) WHERE name = %s",
                    *(count, family[0], key[0]),
                )
                self._set_groups("service", "name", key[0], (group[0],))

    def _new_service(self, name: str, cluster: str, family: str, group: str, count: int) -> None:
        served = sorted({values["target"] for values in self.after["listener"].values()})
        target = self._random.choice([None, *served])
        self.after["service"][name,] = {
            "cluster": cluster,
            "count": count,
            "family": family,
            "groups": (group,),
            "target": target,
        }
        self._do(
            "INSERT INTO service (name, desired_count, assign_public_ip, subnets, cluster_name, "
            "task_definition_id, target_group_name) SELECT %s, %s, 'ENABLED', (SELECT array_agg(subnet_id) "
            "FROM subnet JOIN vpc ON vpc.id = subnet.vpc_id WHERE is_default), %s, id, %s "
            "FROM task_definition WHERE family = %s",
            *(name, count, cluster, target, family),
        )
        self._set_groups("service", "name", name, (group,))

    def alone(self) -> None:
        """Something of a table that stands alone."""
        kind = self._random.choice(KINDS)
        key = self._pick(kind.table)
        chosen = {name: self._random.choice(some) for name, some in kind.values.items()}
        if key is None or (len(self.after[kind.table]) < 3 and self._random.random() < 0.4):
            # AWS lets the names of some be used again only after a while.
            name = kind.called.format(f"{self._random.randrange(16**6):06x}")
            self.after[kind.table][name,] = chosen
            columns = ", ".join((kind.name, *chosen, *kind.new))
            values = ", ".join(("%s",) * (1 + len(chosen)) + tuple(kind.new.values()))
            self._do(f"INSERT INTO {kind.table} ({columns}) VALUES ({values})", name, *chosen.values())
        elif chosen and self._random.random() < 0.7:
            name = self._random.choice(sorted(chosen))
            self.after[kind.table][key] = self.after[kind.table][key] | {name: chosen[name]}
            where = f"WHERE {kind.name} = %s"
            self._do(f"UPDATE {kind.table} SET {name} = %s {where}", chosen[name], key[0])
        else:
            self._drop(kind.table, kind.name, key)


_EDITS: tuple[Callable[[Edit], None], ...] = (
    *(Edit.tag, Edit.tag),
    *(Edit.log_group, Edit.repository, Edit.role, Edit.network),
    *(Edit.security_group, Edit.security_group, Edit.security_group_rule, Edit.security_group_rule),
    *(Edit.target_group, Edit.load_balancer, Edit.load_balancer, Edit.listener, Edit.listener),
    *(Edit.cluster, Edit.task_definition, Edit.task_definition, Edit.service, Edit.service),
    *(Edit.alone,) * 8,
)
