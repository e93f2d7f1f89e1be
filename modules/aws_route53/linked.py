"""Zones and health checks that a service of AWS has made for itself."""

from __future__ import annotations

from modules.spec import Description


def service(description: Description) -> str | None:
    """The service that has made one, such as Cloud Map, and lets nobody else change it."""
    linked = description.get("LinkedService") or {}
    name = linked.get("ServicePrincipal") or linked.get("Description")
    return f"AWS service {name}" if name else None
