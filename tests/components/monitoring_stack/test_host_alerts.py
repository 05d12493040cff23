"""Each alert of the hosts fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.monitoring_stack.host_alerts import host_rules
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
GIB = 2**30


def one(metric: str, values: str, host: int = 0, **more: str) -> Series:
    labels = {"job": "node-exporter", "instance": f"10.0.0.{host}:9100", **more}
    text = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return {f"{metric}{{{text}}}": values}


def disk(free: str, host: int = 0, *, fstype: str = "ext4", readonly: int = 0) -> Series:
    """A file system of 100 GiB; `free` in bytes."""
    where = {"mountpoint": "/", "device": "/dev/vda1", "fstype": fstype}
    return (
        one("node_filesystem_avail_bytes", free, host, **where)
        | one("node_filesystem_size_bytes", f"{100 * GIB}x480", host, **where)
        | one("node_filesystem_readonly", f"{readonly}x480", host, **where)
    )


def healthy() -> Series:
    """Two hosts, each with half of everything free; one sample is 15 s."""
    found: Series = {}
    for host in (0, 1):
        found |= disk(f"{50 * GIB}x480", host)
        found |= one("node_memory_MemAvailable_bytes", f"{8 * GIB}x480", host)
        found |= one("node_memory_MemTotal_bytes", f"{16 * GIB}x480", host)
        found |= one("node_vmstat_oom_kill", "7x480", host)
        found |= one("up", "1x480", host)
        for cpu in ("0", "1"):
            found |= one("node_cpu_seconds_total", "0+7.5x480", host, cpu=cpu, mode="idle")
            found |= one("node_cpu_seconds_total", "0+7.5x480", host, cpu=cpu, mode="user")
    return found


def busy(idle: float, *cpus: str) -> Series:
    """`idle` seconds of each 15."""
    return {
        name: value
        for cpu in cpus
        for name, value in one("node_cpu_seconds_total", f"0+{idle}x480", cpu=cpu, mode="idle").items()
    }


FALLING = f"{38 * GIB}-{GIB // 20}x480"
"""3 GiB in 15 minutes: 26 GiB are left after an hour, and in four more hours it would need 48."""
CASES: dict[str, tuple[Series, set[str]]] = {
    "healthy": ({}, set()),
    "a disk that fills": (disk(FALLING), {"HostDiskFills"}),
    "a disk that fills with most of it free": (disk(f"{95 * GIB}-{GIB // 20}x480"), set()),
    "a disk that is rather full, and stays so": (disk(f"{20 * GIB}x480"), set()),
    "a disk that fills slowly": (disk(f"{38 * GIB}-{GIB // 1000}x480"), set()),
    "a disk with nothing left": (disk(f"{3 * GIB}x480"), {"HostDiskNearlyFull"}),
    "a disk that is nearly full and fills": (disk(f"{6 * GIB}-{GIB // 60}x480"), {"HostDiskNearlyFull"}),
    "files in memory": (disk(f"{3 * GIB}x480", fstype="tmpfs"), set()),
    "an image that is full by nature": (disk("0x480", readonly=1), set()),
    "one host fills, the other is full": (
        disk(FALLING) | disk(f"{3 * GIB}x480", 1),
        {"HostDiskFills", "HostDiskNearlyFull"},
    ),
    "a host without memory": (one("node_memory_MemAvailable_bytes", f"{GIB}x480"), {"HostMemoryLow"}),
    "a host with little memory in use": (one("node_memory_MemAvailable_bytes", f"{2 * GIB}x480"), set()),
    "a host whose processors are busy": (busy(0.5, "0", "1"), {"HostCpuBusy"}),
    "one of two processors is busy": (busy(0.1, "0"), set()),
    "a host that was busy for five minutes": (
        dict.fromkeys(busy(0, "0", "1"), "0+7.5x220 1650+0.1x20"),
        set(),
    ),
    "a host that is gone": (one("up", "1x200 stale", 1), {"HostLost"}),
    "a host that does not answer": (one("up", "1x200 0x280", 1), {"HostLost"}),
    "a host that starts again": (one("up", "1x230 0x4 1x246", 1), set()),
    "an exporter that has another address": (one("up", "1x200 stale", 1) | one("up", "_x201 1x279", 7), set()),
    "a host that has been gone for more than an hour": (one("up", "0x480", 1), set()),
    "a process that had no memory": (one("node_vmstat_oom_kill", "7x210 8x270", 1), {"HostOomKills"}),
    "a process that had none an hour ago": (one("node_vmstat_oom_kill", "7x20 8x460", 1), set()),
}


@pytest.mark.parametrize("case", CASES)
def test_alerts_fire_on_what_they_watch_alone(case: str) -> None:
    changed, expected = CASES[case]
    fire(list(host_rules("node-exporter")), healthy() | changed, expected, after="60m")
