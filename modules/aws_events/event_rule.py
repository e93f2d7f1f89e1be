"""https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""

from modules import canonical, ownership, tagging
from modules.aws_events import rules
from modules.spec import (
    Call,
    Carry,
    Derived,
    Describe,
    Detail,
    EnumType,
    List,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
)

_NAME: dict[str, Source] = {"Name": "name", "EventBusName": "event_bus_name"}
#: A call sets all of a rule but its tags: AWS sets back what it is not given.
_PUT: dict[str, Source] = {
    **_NAME,
    "ScheduleExpression": "schedule_expression",
    "EventPattern": Derived(canonical.json_text, ("event_pattern",)),
    "State": "state",
    "Description": "description",
    "RoleArn": "role_arn",
}
_CHANGED = ("schedule_expression", "event_pattern", "state", "description", "role_arn")
_TAGS = tagging.event_rule("arn")
_DESCRIBE = Call(operation="describe_rule", params=_NAME, result="@")

EVENT_RULE = Resource(
    table="event_rule",
    service="events",
    doc="Which events of an event bus are handed on, or when one is made: EventBridge's rules. To whom is in "
    "`event_target`. Those that AWS's services manage are theirs.",
    key=("id",),
    identity="arn",
    natural_key=("event_bus_name", "name"),
    unique=(("event_bus_name", "name"), ("arn",)),
    columns=(
        fixed("name", "varchar", "Name", not_null=True),
        assigned("arn", "varchar", "Arn"),
        fixed(
            "event_bus_name",
            "varchar",
            "EventBusName",
            not_null=True,
            default="'default'",
            canonical=rules.bus_name,
            doc="The event bus that it looks at. Schedules are of the default one.",
        ),
        column(
            "schedule_expression",
            "varchar",
            "ScheduleExpression",
            canonical=canonical.none_if_empty,
            doc="Such as rate(5 minutes) or cron(0 8 * * ? *), in UTC.",
        ),
        column(
            "event_pattern",
            "jsonb",
            "EventPattern",
            read=canonical.document,
            canonical=canonical.none_if_empty,
            doc='What events look like, such as {"source": ["aws.ec2"]}.',
        ),
        column(
            "state",
            EnumType(
                name="event_rule_state_enum",
                values=("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
            ),
            "State",
            not_null=True,
            default="'ENABLED'",
        ),
        column("description", "varchar", "Description", canonical=canonical.none_if_empty),
        column(
            "role_arn",
            "varchar",
            "RoleArn",
            canonical=canonical.none_if_empty,
            doc="The role for targets that have none of their own.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, rules.service, ownership.control_tower("Name")),
    ),
    checks=(
        ("event_rule_has_a_reason", "num_nonnulls(schedule_expression, event_pattern) >= 1"),
        ("event_rule_schedule_is_of_the_default_bus", rules.SCHEDULED),
    ),
    listing=List(operation="list_event_buses", items="EventBuses[].Name", params={"Limit": 100}),
    describe=Describe(
        operation="list_rules", ids="EventBusName", batch=1, items="Rules", params={"Limit": 100}
    ),
    details=(
        Detail(operation="list_tags_for_resource", items="Tags", into="Tags", params={"ResourceARN": "Arn"}),
    ),
    create=(Call(operation="put_rule", params={**_PUT, **_TAGS.create}),),
    # AWS would write over one that somebody has made meanwhile.
    taken=_DESCRIBE,
    fetch=_DESCRIBE,
    update=(Update(operation="put_rule", when=_CHANGED, whole=True, params=_PUT), *_TAGS.update),
    carry=Carry(not_kept={"put_rule.Tags": "AWS takes them of a new rule only"}),
    delete=(Call(operation="delete_rule", params=_NAME),),
    absent=("ResourceNotFoundException",),
    # A target of it is on its way out.
    busy=("ConcurrentModificationException",),
    eventual=(
        ("ConcurrentModificationException", ""),
        # A role of now.
        ("ValidationException", "cannot be assumed"),
    ),
    hints={
        "InvalidEventPatternException": "Correct event_rule.event_pattern: an object whose values are lists "
        "of what may be, or such objects.",
        "ValidationException": "AWS checks the expression, and deletes no rule that has targets: "
        "iasql_sync() would show those that somebody else has added.",
        "ManagedRuleException": "A service of AWS made the rule, and lets nobody else change it.",
    },
)
