"""Error codes of services whose model in botocore does not have them.

EC2's model has no errors at all. SQS' has the names that its errors have in the AWS SDKs; its client answers
the codes of the older protocol. Of any other service the model tells the codes.

EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html. A code that is missing here
belongs here, if that page or an answer of AWS has it; similar codes differ in the case of one letter, so that
no pattern can tell a right one from a wrong one.

S3's model has a few: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. An answer to HEAD
has no document, and the client takes the status for the code.

SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html, and the errors
of each action there.
"""

from __future__ import annotations

from collections.abc import Mapping


def _codes(text: str) -> frozenset[str]:
    """Codes, one a word; `Prefix.{A,B}` is two."""
    result: set[str] = set()
    for word in text.split():
        head, brace, tail = word.partition("{")
        result |= {head + each for each in tail.removesuffix("}").split(",")} if brace else {word}
    return frozenset(result)


#: What any service may answer: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
COMMON = _codes(
    """
    AccessDenied AccessDeniedException IncompleteSignature InternalFailure InvalidAction
    InvalidClientTokenId InvalidParameterCombination InvalidParameterValue InvalidQueryParameter
    MalformedQueryString MissingAction MissingAuthenticationToken MissingParameter NotAuthorized
    OptInRequired RequestExpired ServiceUnavailable Throttling ThrottlingException
    UnrecognizedClientException ValidationError ValidationException
    """
)

_EC2 = _codes(
    """
    ActiveVpcPeeringConnectionPerVpcLimitExceeded AddressLimitExceeded AttachmentLimitExceeded AuthFailure
    Blocked CannotDelete ConcurrentMutationLimitExceeded ConcurrentTagAccess CustomerGatewayLimitExceeded
    DefaultSubnetAlreadyExistsInAvailabilityZone DefaultVpcAlreadyExists DefaultVpcDoesNotExist
    DependencyViolation DryRunOperation DuplicateSubnetsInSameZone EncryptedVolumesNotSupported
    FilterLimitExceeded FlowLogAlreadyExists FlowLogsLimitExceeded Gateway.NotAttached
    IdempotentInstanceTerminated IdempotentParameterMismatch IncorrectInstanceState IncorrectState
    InstanceLimitExceeded InsufficientAddressCapacity InsufficientCapacity
    InsufficientFreeAddressesInSubnet InsufficientInstanceCapacity InsufficientVolumeCapacity
    InternalError InternetGatewayLimitExceeded InvalidAddress.{Locked,Malformed,NotFound}
    InvalidAddressID.NotFound InvalidAffinity InvalidAllocationID.NotFound InvalidAMIAttributeItemValue
    InvalidAMIID.{Malformed,NotFound,Unavailable} InvalidAMIName.{Duplicate,Malformed}
    InvalidAssociationID.NotFound InvalidAttachment.NotFound InvalidAttachmentID.NotFound
    InvalidAttributeValue InvalidAvailabilityZone InvalidBlockDeviceMapping
    InvalidCapacityReservationId.{Malformed,NotFound} InvalidCarrierGatewayID.NotFound InvalidCharacter
    InvalidCidr.InUse InvalidClientToken InvalidClientVpnAssociationIdNotFound
    InvalidClientVpnEndpointAuthorizationRuleNotFound InvalidClientVpnEndpointId.NotFound
    InvalidClientVpnRouteNotFound InvalidConnectionNotification InvalidCustomerGateway.DuplicateIpAddress
    InvalidCustomerGatewayId.Malformed InvalidCustomerGatewayID.NotFound InvalidCustomerGatewayState
    InvalidDevice.InUse InvalidDhcpOptionID.NotFound InvalidDhcpOptionsId.Malformed
    InvalidDhcpOptionsID.NotFound InvalidEgressOnlyInternetGatewayId.{Malformed,NotFound}
    InvalidElasticGpuID.{Malformed,NotFound} InvalidFilter InvalidFleetId.{Malformed,NotFound}
    InvalidFlowLogId.NotFound InvalidFormat InvalidGatewayID.NotFound
    InvalidGroup.{Duplicate,InUse,NotFound,Reserved} InvalidGroupId.Malformed InvalidHostConfiguration
    InvalidHostID.{Malformed,NotFound} InvalidHostState InvalidIamInstanceProfileArn.Malformed InvalidID
    InvalidInput InvalidInstanceAttributeValue InvalidInstanceConnectEndpointId.NotFound
    InvalidInstanceFamily InvalidInstanceID InvalidInstanceID.{Malformed,NotFound,NotLinkable}
    InvalidInstanceState InvalidInstanceType InvalidInterface.IpAddressLimitExceeded
    InvalidInternetGatewayId.Malformed InvalidInternetGatewayID.NotFound InvalidIPAddress.InUse
    InvalidIpamId.NotFound InvalidIpamPoolAllocationId.NotFound InvalidIpamPoolId.NotFound
    InvalidIpamScopeId.NotFound InvalidKey.Format InvalidKeyPair.{Duplicate,Format,NotFound}
    InvalidLaunchTemplateId.VersionNotFound InvalidLaunchTemplateId.{Malformed,NotFound}
    InvalidLaunchTemplateName.NotFoundException
    InvalidLaunchTemplateName.{AlreadyExistsException,MalformedException} InvalidMaxResults
    InvalidNatGatewayID.NotFound InvalidNetworkAclEntry.NotFound InvalidNetworkAclId.Malformed
    InvalidNetworkAclID.NotFound InvalidNetworkInsightsAnalysisId.NotFound
    InvalidNetworkInsightsPathId.NotFound InvalidNetworkInterface.{InUse,NotFound}
    InvalidNetworkInterfaceAttachmentId.Malformed InvalidNetworkInterfaceId.Malformed
    InvalidNetworkInterfaceID.NotFound InvalidNetworkLoadBalancerArn.Malformed
    InvalidNetworkLoadBalancerArn.NotFound InvalidNextToken InvalidOption.Conflict InvalidPaginationToken
    InvalidParameter InvalidParameterDependency InvalidPermission.{Duplicate,Malformed,NotFound}
    InvalidPlacementGroup.{Duplicate,InUse,Unknown} InvalidPlacementGroupId.Malformed
    InvalidPoolID.NotFound InvalidPrefixListID.NotFound InvalidPrefixListId.{Malformed,NotFound}
    InvalidPublicIpv4PoolID.NotFound InvalidRequest InvalidReservationID.{Malformed,NotFound}
    InvalidRoute.{InvalidState,Malformed,NotFound} InvalidRouteTableID.NotFound
    InvalidRouteTableId.{Malformed,NotFound} InvalidSecurity.RequestHasExpired
    InvalidSecurityGroup.RulesLimitExceeded InvalidSecurityGroupId.Malformed
    InvalidSecurityGroupID.NotFound InvalidSecurityGroupRuleId.{Malformed,NotFound} InvalidServiceName
    InvalidSnapshot.{InUse,NotFound} InvalidSnapshotID.Malformed InvalidSpotFleetRequestId.NotFound
    InvalidSpotInstanceRequestID.{Malformed,NotFound} InvalidState InvalidStateTransition InvalidSubnet
    InvalidSubnet.{Conflict,Range} InvalidSubnetCidrReservationID.NotFound InvalidSubnetID.NotFound
    InvalidSubnetId.{Malformed,NotFound} InvalidTagKey.Malformed InvalidTargetArn.Unknown InvalidTenancy
    InvalidTrafficMirrorFilterId.NotFound InvalidTrafficMirrorSessionId.NotFound
    InvalidTrafficMirrorTargetId.NotFound InvalidTransitGatewayAttachmentID.NotFound
    InvalidTransitGatewayID.NotFound InvalidTransitGatewayMulticastDomainId.NotFound
    InvalidUserID.Malformed InvalidVolume.{NotFound,ZoneMismatch}
    InvalidVolumeID.{Duplicate,Malformed,ZoneMismatch} InvalidVpcCidrBlockAssociationID.NotFound
    InvalidVpcCidrBlockAssociationIdError.NotFound InvalidVpcEndpoint.NotFound
    InvalidVpcEndpointId.{Malformed,NotFound} InvalidVpcEndpointService.NotFound
    InvalidVpcEndpointServiceId.NotFound InvalidVpcEndpointType InvalidVpcID.{Malformed,NotFound}
    InvalidVpcPeeringConnectionId.Malformed InvalidVpcPeeringConnectionID.NotFound
    InvalidVpcPeeringConnectionState.DnsHostnamesDisabled InvalidVpcRange InvalidVpcState
    InvalidVpnConnection.{InvalidState,InvalidType} InvalidVpnConnectionID InvalidVpnConnectionID.NotFound
    InvalidVpnGatewayAttachment.NotFound InvalidVpnGatewayID.NotFound InvalidVpnGatewayState
    InvalidZone.NotFound KeyPairLimitExceeded MalformedQueryString MaxConfigLimitExceeded MissingParameter
    NatGatewayLimitExceeded NatGatewayMalformed NatGatewayNotFound NetworkAclEntryAlreadyExists
    NetworkAclEntryLimitExceeded NetworkAclLimitExceeded NetworkInterfaceLimitExceeded NonEBSInstance
    NoSuchVersion NotExportable OperationNotPermitted OutstandingVpcPeeringConnectionLimitExceeded
    PendingVerification PrefixListMaxEntriesExceeded PrefixListVersionMismatch
    PrivateIpAddressLimitExceeded RequestLimitExceeded Resource.AlreadyAssociated ResourceAlreadyAssigned
    ResourceCountExceeded ResourceLimitExceeded RouteAlreadyExists RouteLimitExceeded
    RouteTableLimitExceeded RulesPerSecurityGroupLimitExceeded SecurityGroupLimitExceeded
    SecurityGroupsPerInstanceLimitExceeded SecurityGroupsPerInterfaceLimitExceeded SnapshotLimitExceeded
    SubnetLimitExceeded TagLimitExceeded TagPolicyViolation TransitGatewayRouteTablePropagation.NotFound
    UnauthorizedOperation Unavailable UnknownParameter UnknownPrincipalType.Unsupported UnknownVolumeType
    Unsupported UnsupportedOperation VcpuLimitExceeded VolumeInUse VolumeLimitExceeded
    VolumeModificationRateExceeded VpcCidrConflict
    VpcEndpointLimitExceeded VPCIdNotSpecified VpcLimitExceeded VpcPeeringConnectionAlreadyExists
    VPCResourceNotSpecified VpnConnectionLimitExceeded VpnGatewayAttachmentLimitExceeded
    VpnGatewayLimitExceeded ZonesMismatched
    """
)

_SQS = _codes(
    """
    AWS.SimpleQueueService.{BatchEntryIdsNotDistinct,BatchRequestTooLong,EmptyBatchRequest}
    AWS.SimpleQueueService.InvalidBatchEntryId
    AWS.SimpleQueueService.{MessageNotInflight,NonExistentQueue,PurgeQueueInProgress,QueueDeletedRecently}
    AWS.SimpleQueueService.{TooManyEntriesInBatchRequest,UnsupportedOperation} InvalidAddress
    InvalidAttributeName InvalidAttributeValue InvalidIdFormat InvalidMessageContents InvalidSecurity
    KMS.AccessDeniedException KMS.DisabledException KMS.InvalidStateException KMS.NotFoundException
    KMS.OptInRequired KMS.ThrottlingException OverLimit QueueAlreadyExists ReceiptHandleIsInvalid
    RequestThrottled ResourceNotFoundException
    """
)

_S3 = _codes(
    """
    301 400 403 404 AccessControlListNotSupported AllAccessDisabled BadDigest BucketAlreadyExists
    BucketAlreadyOwnedByYou BucketHasAccessPointsAttached BucketNotEmpty EntityTooLarge
    IllegalLocationConstraintException IllegalVersioningConfigurationException IncompleteBody InvalidArgument
    InvalidBucketAclWithObjectOwnership InvalidBucketName InvalidBucketOwnerAWSAccountID InvalidBucketState
    InvalidLocationConstraint InvalidPolicyDocument InvalidRequest InvalidTag
    InvalidTargetBucketForLogging KMS.DisabledException KMS.InvalidStateException KMS.NotFoundException
    KeyTooLongError MalformedACLError MalformedPolicy MalformedXML MetadataConfigurationNotFound
    MethodNotAllowed NoSuchBucket NoSuchBucketPolicy NoSuchCORSConfiguration NoSuchConfiguration NoSuchKey
    NoSuchLifecycleConfiguration NoSuchPublicAccessBlockConfiguration NoSuchTagSet
    NoSuchTagSetError NoSuchUpload NoSuchVersion NoSuchWebsiteConfiguration NotImplemented
    ObjectLockConfigurationNotFoundError OperationAborted OwnershipControlsNotFoundError PermanentRedirect
    ReplicationConfigurationNotFoundError ServerSideEncryptionConfigurationNotFoundError SlowDown
    TooManyBuckets UnsupportedArgument
    """
)

#: The codes of each such service.
VETTED: Mapping[str, frozenset[str]] = {"ec2": _EC2, "s3": _S3, "sqs": _SQS}
