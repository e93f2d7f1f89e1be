"""What people ask of services besides what a table shows."""

from modules.spec import Const, Derived, Function, Result

DEPLOY = Function(
    name="iasql_deploy_service",
    doc="Starts new tasks of a service with the images that its tags name now.",
    service="ecs",
    operation="update_service",
    parameters={"service_arn": "text"},
    params={
        "service": "service_arn",
        # arn:aws:ecs:us-east-1:123456789012:service/CLUSTER/SERVICE; older ARNs do not name the cluster.
        "cluster": Derived(lambda arn: arn.split("/")[1] if arn.count("/") == 2 else None, ("service_arn",)),
        "forceNewDeployment": Const(True),
    },
    columns=(
        Result(name="arn", type="varchar", path="service.serviceArn"),
        Result(name="status", type="varchar", path="service.deployments[0].rolloutState"),
        Result(name="message", type="varchar", path="service.deployments[0].rolloutStateReason"),
    ),
    sample="SELECT * FROM iasql_deploy_service((SELECT arn FROM service WHERE name = 'web'));",
)
