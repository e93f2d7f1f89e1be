"""`python -m tests.modules.last_iasql`: which table and column of the last IaSQL's is here.

`last_iasql.tsv` names them. What is not here has its reason in `ABSENT`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from modules.catalogue import find_modules

_FILE = Path(__file__).with_suffix(".tsv")
_PLACE = "the schema that the table is in says the region"

#: Why a column is not here, by table and column; `*` is a whole table.
ABSENT: Mapping[str, str] = {
    "aws_credentials.*": "no credentials are in a table: `iasql connect` takes them",
    "aws_regions.is_default": "iasql.place says it",
    "aws_regions.is_enabled": "opt_in_status says it",
    "log_group.id": "the key is the name, as the tutorial has it",
    "repository.id": "the key is the name, as the tutorial has it",
    "repository_policy.policy": "policy_text, as the tutorial has it",
    "repository_policy.repository_id": "repository_name, as the tutorial has it",
    "repository_image.image_id": "the repository's name and image_digest say which",
    "repository_image.image_tag": "image_tags: an image has none or several",
    "repository_image.size_in_mb": "size_in_bytes",
    "repository_image.private_repository_id": "repository_name, by which the tutorial has repositories",
    "repository_image.private_repository_region": _PLACE,
    "repository_image.public_repository": "images of public repositories are no rows",
    "iam_role.*": "role, as the tutorial has it",
    "topic.data_protection_policy": "AWS offers it to nobody new",
    "target_group.id": "the key is the name, as the tutorial has it",
    "load_balancer.id": "the key is the name, as the tutorial has it",
    "listener.load_balancer_id": "load_balancer_name, as the tutorial has it",
    "listener.target_group_id": "target_group_name, as the tutorial has it",
    "load_balancer_security_groups.load_balancer_id": "load_balancer_name, as the tutorial has it",
    "cluster.id": "the key is the name, as the tutorial has it",
    "service.id": "the key is the name, as the tutorial has it",
    "service.cluster_id": "cluster_name, as the tutorial has it",
    "service.target_group_id": "target_group_name, as the tutorial has it",
    "container_definition.log_group_id": "log_group_name, as the tutorial has it",
    "container_definition.repository_id": "repository_name, as the tutorial has it",
    "service_security_groups.service_id": "service_name, as the tutorial has it",
    "distribution.origins": "distribution_origin, so that an origin can refer to an origin access control",
    "distribution.e_tag": "it is asked for right before each change",
    "distribution.custom_ssl_certificate_id": "certificate_arn: it is one of us-east-1, another place",
    "lambda_function.version": "rows are what AWS calls $LATEST",
    "alias_target.*": "columns of resource_record_set say it",
    "resource_record_set.alias_target_id": "columns of resource_record_set say it: alias_dns_name, …",
    "bucket_object.*": "a table shows all that AWS holds, and a bucket may hold millions: "
    "iasql_s3_upload_object puts one",
    "secret.value": "no secret is a column: docs/security.md says how to give one",
    "rds.master_user_password": "no secret is a column: Secrets Manager has it",
    "db_cluster.master_user_password": "no secret is a column: Secrets Manager has it",
    "network_acl.entries": "network_acl_entry, a row each",
    "instance.role_name": "instance_profile_name: AWS gives an instance a profile, and that has the role",
    "registered_instance.target_group_id": "target_group_name, as the tutorial has it",
}


def last() -> Mapping[tuple[str, str], list[str]]:
    """The columns of each table, by module and table."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    with _FILE.open() as file:
        for record in csv.DictReader(file, delimiter="\t"):
            found[record["module"], record["table"]].append(record["column"])
    return found


def here() -> Mapping[str, set[str]]:
    """The columns that there are, by table."""
    columns: dict[str, set[str]] = {}
    for resource in find_modules().resources.values():
        columns[resource.table] = {*resource.key, *(each.name for each in resource.columns)}
        for part in resource.parts:
            columns[part.table] = {*part.key, *(each.name for each in (part.parent, *part.columns))}
    return columns


def missing() -> Iterator[tuple[str, str, str]]:
    """Module, table and column of what is not here."""
    there = here()
    for (module, table), columns in last().items():
        if table not in there:
            yield module, table, "*"
            continue
        yield from ((module, table, each) for each in columns if each not in {*there[table], "region"})


def main() -> None:
    """Print a table in Markdown."""
    without: dict[str, list[str]] = defaultdict(list)
    for _, table, column in missing():
        without[table].append(column)
    print("| module | table | columns | not here |\n|---|---|---|---|")
    for (module, table), columns in last().items():
        lacking = without[table]
        reasons = "; ".join(
            f"{'all' if each == '*' else f'`{each}`'}: {ABSENT.get(f'{table}.{each}', '?')}"
            for each in lacking
        )
        if "region" in columns and "*" not in lacking:
            reasons = "; ".join(filter(None, (reasons, f"`region`: {_PLACE}")))
        there = 0 if "*" in lacking else len(columns) - len(lacking) - ("region" in columns)
        print(f"| {module} | {table} | {there} of {len(columns)} | {reasons} |")


if __name__ == "__main__":
    main()
