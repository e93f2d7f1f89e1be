"""ECR: how many images a call deletes, and that those of a manifest list stay as long as that.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moto.ecr.models import ECRBackend

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule

_MOST = 100
_delete = ECRBackend.batch_delete_image


def not_too_many_images(call: AwsCall) -> Outcome:
    """A call deletes a hundred images at most."""
    if len(call.parameters.get("imageIds") or ()) > _MOST:
        message = "Invalid parameter at 'imageIds' failed to satisfy constraint: "
        return AwsError("InvalidParameterException", f"{message}'Member must have length at most {_MOST}'")
    return None


def _listed(images: list[Any]) -> Iterator[str]:
    """The digests that manifest lists name."""
    for image in images:
        yield from (each.get("digest", "") for each in json.loads(image.image_manifest).get("manifests", ()))


def _deleted(
    ecr: Any, repository_name: str, registry_id: str | None = None, image_ids: Any = None
) -> dict[str, Any]:
    """moto deletes what a manifest list is made of as well."""
    there = ecr.repositories[repository_name].images if repository_name in ecr.repositories else []
    listed = set(_listed(there))
    kept = [each for each in image_ids or () if each.get("imageDigest") in listed]
    others = [each for each in image_ids or () if each not in kept]
    answer: dict[str, Any] = {"imageIds": [], "failures": []}
    if others or not kept:
        answer = _delete(ecr, repository_name, registry_id, others)
    why = "The specified image is referenced by a manifest list"
    answer["failures"] += [
        {"imageId": each, "failureCode": "ImageReferencedByManifestList", "failureReason": why}
        for each in kept
    ]
    return answer


ECRBackend.batch_delete_image = _deleted  # type: ignore[method-assign,assignment]

RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ecr", "BatchDeleteImage"): (not_too_many_images,),
}
