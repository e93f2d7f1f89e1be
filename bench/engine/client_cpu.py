"""What the AWS client costs a resource: parsing a page of descriptions, which is not the engine's."""

from __future__ import annotations

import json
import time
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

from botocore.parsers import create_parser
from botocore.session import Session

from bench.engine.account import Item
from bench.engine.scale import filled


def microseconds(size: int = 1000) -> float:
    """CPU of parsing one security group rule, in microseconds."""
    rules = list(filled(size).rules.values())
    model = Session().get_service_model("ec2").operation_model("DescribeSecurityGroupRules")
    parser = create_parser(model.metadata["protocol"])
    body = _xml(json.loads(json.dumps(rules)))
    response: dict[str, Any] = {"body": body, "headers": {}, "status_code": 200}
    spent = []
    for _ in range(5):
        start = time.process_time()
        parsed = parser.parse(response, model.output_shape)
        spent.append(time.process_time() - start)
        assert len(parsed["SecurityGroupRules"]) == len(rules)
    return median(spent) / len(rules) * 1e6


def _xml(rules: list[Item]) -> bytes:
    items = "".join(f"<item>{''.join(map(_element, each.items()))}</item>" for each in rules)
    return (
        '<DescribeSecurityGroupRulesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<securityGroupRuleSet>{items}</securityGroupRuleSet></DescribeSecurityGroupRulesResponse>"
    ).encode()


def _element(member: tuple[str, Any]) -> str:
    name, value = member
    tag = "tagSet" if name == "Tags" else name[0].lower() + name[1:]
    text = "" if name == "Tags" else escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{tag}>{text}</{tag}>"
