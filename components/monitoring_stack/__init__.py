"""Metrics, alerts and dashboards of what is in the stack, and of nothing else."""

from components.monitoring_stack.component import MonitoringStack
from components.monitoring_stack.settings import MonitoringSettings

__all__ = ["MonitoringSettings", "MonitoringStack"]
