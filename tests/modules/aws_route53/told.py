"""What botocore's models do not say of what Route 53 tells."""

from tests.modules.told import ABSENT

_REGIONS = (["eu-west-1", "sa-east-1", "us-east-1"], ["ap-south-1", "eu-west-1", "us-west-2"])
EXAMPLES = {
    "health_check": {"HealthChecks.HealthCheckConfig.Regions": _REGIONS},
    # Two columns show it, as an id or as a row.
    "resource_record_set": {"ResourceRecordSets.HealthCheckId": ABSENT},
}
EXCUSED = {
    "health_check": {
        "CallerReference": "each has its own",
        "HealthCheckVersion": "it is that of right before the change",
    }
}
