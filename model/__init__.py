"""The neutral words: what a component says, and what every platform renders. No provider is imported here.

Words are frozen, keyword-only dataclasses. They may hold Pulumi outputs (only where typed so), so they are never
deep-copied and never validated by pydantic: plain values were validated by the settings before.
"""

from model.agent import Agent, HostPath
from model.circle import Circle
from model.cloud_balancer import CloudBalancer
from model.config_file import ConfigFile, ConfigRef
from model.container import Container, File, Scratch
from model.endpoint import Endpoint
from model.front import Front, GivenCertificate, Issued
from model.image import HttpTool, Image
from model.job import Job
from model.members import Members
from model.origin import ROOT, Origin
from model.outside import Outside
from model.port import Port, PublicPort
from model.priority import Priority
from model.probe import ExecCheck, HttpCheck, Probe, Probes, TcpCheck
from model.resources import Resources
from model.rollout import Rollout
from model.scaling import Scaling, ScalingMetric, ScalingStep, ScalingWindow
from model.schedule import Schedule
from model.secret import Secret, SecretRef
from model.security import Security
from model.shard import Shard
from model.shared_volume import SharedMount, SharedVolume, SharedVolumeRef
from model.stop import Stop
from model.tier import REACHES, Tier
from model.toleration import Toleration
from model.volume import Volume
from model.workload import Workload

__all__ = [
    "REACHES",
    "ROOT",
    "Agent",
    "Circle",
    "CloudBalancer",
    "ConfigFile",
    "ConfigRef",
    "Container",
    "Endpoint",
    "ExecCheck",
    "File",
    "Front",
    "GivenCertificate",
    "HostPath",
    "HttpCheck",
    "HttpTool",
    "Image",
    "Issued",
    "Job",
    "Members",
    "Origin",
    "Outside",
    "Port",
    "Priority",
    "Probe",
    "Probes",
    "PublicPort",
    "Resources",
    "Rollout",
    "Scaling",
    "ScalingMetric",
    "ScalingStep",
    "ScalingWindow",
    "Schedule",
    "Scratch",
    "Secret",
    "SecretRef",
    "Security",
    "Shard",
    "SharedMount",
    "SharedVolume",
    "SharedVolumeRef",
    "Stop",
    "TcpCheck",
    "Tier",
    "Toleration",
    "Volume",
    "Workload",
]
