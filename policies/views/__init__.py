"""What was rendered as neutral views, so that each rule is written once."""

from views.container import ContainerView, MountView, WorkloadView
from views.entries import Lead, leads
from views.selectors import selects
from views.stack import Resource, Stack

__all__ = ["ContainerView", "Lead", "MountView", "Resource", "Stack", "WorkloadView", "leads", "selects"]
