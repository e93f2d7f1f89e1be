"""What a declaration of a resource can say. Every field is typed, keyword-only and frozen.

A *column* joins our name, its SQL type, the path of its value in AWS's description and what a change of it
means. A *call* joins an AWS operation and, by parameter path, where each parameter's value comes from.

Paths into descriptions are JMESPath expressions (https://jmespath.org/specification.html), which have one
function more here: `from_json(…)` is what a JSON text says, in which any path may lead somewhere. Paths of
parameters are names joined by dots, with `[0]` for the first element of a list. Both are checked against
botocore's service models by `iasql check-modules`.
"""

from modules.spec.calls import (
    SET,
    UNSET,
    Awaited,
    Batch,
    Call,
    Clear,
    Obstacle,
    PerItem,
    PerKey,
    Revival,
    Update,
    Waiter,
)
from modules.spec.carry import Carry, Kept, Look, Lost
from modules.spec.columns import (
    Choice,
    Column,
    Description,
    EnumType,
    OnChange,
    Part,
    Reference,
    Value,
    Values,
    assigned,
    column,
    fixed,
    ref,
)
from modules.spec.functions import Function, Result
from modules.spec.reading import Batched, Describe, Detail, List, Per
from modules.spec.resource import After, ComesWith, Lookup, Module, Qualified, Resource, Settled
from modules.spec.sources import (
    Const,
    Context,
    Derived,
    Each,
    Edited,
    Initial,
    Item,
    Loss,
    Old,
    Only,
    Source,
    Token,
    When,
    named,
    present,
    with_others,
)

__all__ = [
    "SET",
    "UNSET",
    "After",
    "Awaited",
    "Batch",
    "Batched",
    "Call",
    "Carry",
    "Choice",
    "Clear",
    "Column",
    "ComesWith",
    "Const",
    "Context",
    "Derived",
    "Describe",
    "Description",
    "Detail",
    "Each",
    "Edited",
    "EnumType",
    "Function",
    "Initial",
    "Item",
    "Kept",
    "List",
    "Look",
    "Lookup",
    "Loss",
    "Lost",
    "Module",
    "Obstacle",
    "Old",
    "OnChange",
    "Only",
    "Part",
    "Per",
    "PerItem",
    "PerKey",
    "Qualified",
    "Reference",
    "Resource",
    "Result",
    "Revival",
    "Settled",
    "Source",
    "Token",
    "Update",
    "Value",
    "Values",
    "Waiter",
    "When",
    "assigned",
    "column",
    "fixed",
    "named",
    "present",
    "ref",
    "with_others",
]
