"""What the hosts run out of, and that one is gone."""

from collections.abc import Iterator

from components.observability import AlertRule, part_rule

NEARLY_FULL = 0.05
"""Of a file system that is free. Docker and the kubelet need room to start anything; the kubelet evicts below 10 %."""
FREE_ENOUGH = 0.4
"""With more than this free, one hour of writing says little about the next four."""
AHEAD_SECONDS = 4 * 3600
MEMORY_FREE, CPU_USED = 0.1, 0.9


def host_rules(job: str) -> Iterator[AlertRule]:
    """Of what the node exporters say. A file system in memory, or one that takes no writes, does not fill up."""
    disk = f'job="{job}",fstype!~"tmpfs|ramfs"'
    free = f"(node_filesystem_avail_bytes{{{disk}}} / node_filesystem_size_bytes{{{disk}}})"
    written = f"(node_filesystem_readonly{{{disk}}} == 0)"
    ahead = f"(predict_linear(node_filesystem_avail_bytes{{{disk}}}[1h], {AHEAD_SECONDS}) < 0)"
    where = "{{ $labels.mountpoint }} of {{ $labels.instance }}"
    yield part_rule(
        "Host",
        "DiskFills",
        f"({free} < {FREE_ENOUGH} and {free} >= {NEARLY_FULL}) and {ahead} and {written}",
        600,
        "warning",
        f"{where} has {{{{ $value | humanizePercentage }}}} free and will be full within 4 hours",
    )
    yield part_rule(
        "Host",
        "DiskNearlyFull",
        f"({free} < {NEARLY_FULL}) and {written}",
        300,
        "critical",
        f"{where} has {{{{ $value | humanizePercentage }}}} free",
    )
    # Counted, for an exporter that starts again may have another address.
    answering = f'count(up{{job="{job}"}} == 1)'
    yield part_rule(
        "Host",
        "Lost",
        f"{answering} < max_over_time({answering}[1h:1m])",
        300,
        "warning",
        "only {{ $value }} hosts answer, fewer than within the last hour",
    )
    yield part_rule(
        "Host",
        "OomKills",
        f'increase(node_vmstat_oom_kill{{job="{job}"}}[15m]) > 0',
        0,
        "warning",
        "{{ $labels.instance }} had no memory left for a process, of a container or of all, and killed it",
    )
    yield part_rule(
        "Host",
        "MemoryLow",
        f'(node_memory_MemAvailable_bytes{{job="{job}"}} / node_memory_MemTotal_bytes{{job="{job}"}}) < {MEMORY_FREE}',
        600,
        "warning",
        "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its memory left",
    )
    yield part_rule(
        "Host",
        "CpuBusy",
        f'(1 - avg by (instance) (rate(node_cpu_seconds_total{{job="{job}",mode="idle"}}[5m]))) > {CPU_USED}',
        900,
        "warning",
        "the processors of {{ $labels.instance }} have been {{ $value | humanizePercentage }} busy for 15 minutes",
    )
