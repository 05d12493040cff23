"""How a container is stopped."""

from pulumi_kubernetes.core import v1 as core

from model import Stop


def pre_stop(word: Stop, *, delay_seconds: int) -> core.LifecycleArgs | None:
    """Keep serving for `delay_seconds`, then stop by the word's signal.

    The kubelet signals only when the hook has ended. Any signal other than SIGTERM is sent by the hook, which then
    waits for process 1 to end: a SIGTERM that follows at once would cut short what the signal began.
    """
    if word.signal != "SIGTERM":
        name = word.signal.removeprefix("SIG")
        script = f"sleep {delay_seconds}; kill -s {name} 1; while kill -0 1; do sleep 0.2; done 2>/dev/null"
        handler = core.LifecycleHandlerArgs(exec_=core.ExecActionArgs(command=["sh", "-c", script]))
        return core.LifecycleArgs(pre_stop=handler)
    if delay_seconds:
        handler = core.LifecycleHandlerArgs(sleep=core.SleepActionArgs(seconds=delay_seconds))
        return core.LifecycleArgs(pre_stop=handler)
    return None
