"""What people ask of log groups besides what a table shows."""

import time

from modules import canonical
from modules.spec import Const, Derived, Function, Result

_HOUR = 3600

TAIL = Function(
    name="iasql_log_group_tail",
    doc="The events of a log group in the last hour, the oldest first; 10,000 at most.",
    service="logs",
    operation="filter_log_events",
    parameters={"log_group_name": "text"},
    params={
        "logGroupName": "log_group_name",
        "startTime": Derived(lambda _: int((time.time() - _HOUR) * 1000), ("log_group_name",)),
        "limit": Const(10_000),
    },
    items="events",
    columns=(
        Result(name="event_id", type="varchar", path="eventId"),
        Result(name="log_stream_name", type="varchar", path="logStreamName"),
        Result(name="event_timestamp", type="timestamptz", path="timestamp", read=canonical.timestamp),
        Result(name="message", type="varchar", path="message"),
    ),
    sample="SELECT * FROM iasql_log_group_tail('/app') ORDER BY event_timestamp DESC LIMIT 20;",
)
