"""https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html"""

from modules import canonical, ownership
from modules.aws_events import rules, targets
from modules.spec import (
    Call,
    Column,
    Const,
    Derived,
    List,
    Per,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
    present,
    ref,
)

_RULE = "event_rule_id"
_OF: dict[str, Source] = {
    "Rule": Derived(rules.name, (_RULE,)),
    "EventBusName": Derived(rules.bus, (_RULE,)),
}
_KEPT = (
    "KinesisParameters",
    "RunCommandParameters",
    "BatchParameters",
    "HttpParameters",
    "RedshiftDataParameters",
    "SageMakerPipelineParameters",
    "AppSyncParameters",
)
_SET: dict[str, Source] = {
    "Arn": "arn",
    "RoleArn": "role_arn",
    "Input": "input",
    "InputPath": "input_path",
    "InputTransformer": Derived(targets.transformer, (_RULE, "input_template", "input_paths")),
    "EcsParameters": Derived(lambda document: document, ("ecs_parameters",)),
    "SqsParameters.MessageGroupId": "message_group_id",
    "DeadLetterConfig.Arn": "dead_letter_arn",
    "RetryPolicy": Derived(
        targets.retries, (_RULE, "maximum_retry_attempts", "maximum_event_age_in_seconds")
    ),
}
#: A call sets all of a target: AWS sets back what it is not given.
_PUT: dict[str, Source] = {
    **_OF,
    "Targets[0].Id": "target_id",
    **{f"Targets[0].{name}": source for name, source in _SET.items()},
    **{f"Targets[0].{name}": present(name) for name in _KEPT},
}
_CHANGED = (
    "arn",
    "role_arn",
    "input",
    "input_path",
    "input_template",
    "input_paths",
    "ecs_parameters",
    "message_group_id",
    "dead_letter_arn",
    "maximum_retry_attempts",
    "maximum_event_age_in_seconds",
)


def _arn(name: str, path: str, doc: str) -> Column:
    return column(name, "varchar", path, canonical=canonical.none_if_empty, doc=doc)


EVENT_TARGET = Resource(
    table="event_target",
    service="events",
    doc="To whom a rule hands events, and what of them. AWS asks a queue, a topic or a function whether it "
    "may: their own policies say so, such as `lambda_permission`. What a target of another kind needs "
    "besides has no column, and stays.",
    key=("id",),
    identity="address",
    natural_key=(_RULE, "target_id"),
    unique=((_RULE, "target_id"), ("address",)),
    columns=(
        assigned(
            "address",
            "varchar",
            read=targets.address,
            doc="The rule's ARN and the target's name, as AWS has none of its own for a target.",
        ),
        ref(_RULE, "event_rule", "RuleArn", not_null=True, cascade=True),
        fixed("target_id", "varchar", "Id", not_null=True, doc="Its name among the rule's targets."),
        column("arn", "varchar", "Arn", not_null=True, doc="Of whom: a queue, a function, a cluster, …"),
        _arn("role_arn", "RoleArn", "The role that AWS has for it, where that has no policy of its own."),
        column(
            "input",
            "text",
            "Input",
            canonical=targets.said,
            doc="What it gets in the place of the event: a JSON text.",
        ),
        column(
            "input_path", "varchar", "InputPath", doc="Which part of the event it gets, such as $.detail."
        ),
        column(
            "input_template",
            "varchar",
            "InputTransformer.InputTemplate",
            doc="What it gets, with names in angle brackets where input_paths finds something.",
        ),
        column(
            "input_paths",
            "jsonb",
            "InputTransformer.InputPathsMap",
            read=canonical.none_if_empty,
            canonical=canonical.none_if_empty,
            doc="An object of these names and of where in the event they are.",
        ),
        column(
            "ecs_parameters",
            "jsonb",
            "EcsParameters",
            read=canonical.plain,
            canonical=targets.tasks,
            doc="Of a cluster: which task is run there and how, as PutTargets takes it.",
        ),
        column(
            "message_group_id",
            "varchar",
            "SqsParameters.MessageGroupId",
            doc="Of a queue that keeps an order: the group that messages are in.",
        ),
        _arn("dead_letter_arn", "DeadLetterConfig.Arn", "The queue for what cannot be handed on."),
        column(
            "maximum_retry_attempts",
            "integer",
            "RetryPolicy.MaximumRetryAttempts",
            canonical=targets.attempts,
            doc="How often AWS tries again; NULL is its 185 times.",
        ),
        column(
            "maximum_event_age_in_seconds",
            "integer",
            "RetryPolicy.MaximumEventAgeInSeconds",
            canonical=targets.age,
            doc="For how long it tries; NULL is its 86400 seconds.",
        ),
        ownership.managed_by(None, lambda target: target.get("ManagedBy")),
    ),
    checks=(
        ("event_target_has_one_input", "num_nonnulls(input, input_path, input_template) <= 1"),
        ("event_target_paths_are_of_a_template", "input_paths IS NULL OR input_template IS NOT NULL"),
    ),
    listing=List(
        operation="list_targets_by_rule",
        items="Targets",
        params={"Limit": 100},
        per=Per(
            table="event_rule",
            params={"Rule": "name", "EventBusName": "event_bus_name"},
            joins={"RuleArn": "arn", "ManagedBy": "managed_by"},
        ),
        absent=("ResourceNotFoundException",),
    ),
    create=(Call(operation="put_targets", params=_PUT),),
    # The answer may say that a target was not taken.
    fetch=Call(
        operation="list_targets_by_rule",
        params={**_OF, "Limit": Const(100)},
        result="Targets",
        where={"Id": "target_id"},
        joins={"RuleArn": _RULE},
    ),
    update=(Update(operation="put_targets", when=_CHANGED, whole=True, params=_PUT, shows=_CHANGED),),
    delete=(Call(operation="remove_targets", params={**_OF, "Ids[0]": "target_id"}),),
    absent=("ResourceNotFoundException",),
    busy=("ConcurrentModificationException",),
    eventual=(
        # Somebody else changes the rule, or another target of it is being put.
        ("ConcurrentModificationException", ""),
        # A role of now.
        ("ValidationException", "cannot be assumed"),
    ),
    hints={
        "ValidationException": "AWS wants event_target.role_arn of what has no policy of its own, such as a "
        "cluster, and message_group_id of a queue that keeps an order.",
        "LimitExceededException": "AWS lets a rule have 5 targets.",
        "ManagedRuleException": "A service of AWS made the rule, and lets nobody else change it.",
    },
)
