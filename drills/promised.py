"""What the deployed stack promised before it was deployed."""

from composition.promises import each_promise
from composition.read import check
from drills.site import Site
from guarantees.promise import Promise


def promise(site: Site, component: str, fault: str) -> Promise:
    """What `component` (`databases.main`) promises of `fault`, as a preview says it. KeyError: nothing."""
    stack = check(site.deployment.settings, source=site.deployment.name, secret_names=None)
    around = stack.platform.surroundings()
    found = {part.origin.path: promises for part, promises in each_promise(stack, around)}
    return {one.fault: one for one in found[component]}[fault]


def promised_seconds(site: Site, component: str, fault: str) -> float:
    """The longest outage after `fault`."""
    outage = promise(site, component, fault).outage_millis
    assert outage is not None, f"{component} promises nothing after `{fault}`"
    return outage / 1000
