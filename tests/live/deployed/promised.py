"""What the deployed stack promised before it was deployed."""

from composition.promises import each_promise
from composition.read import check
from tests.live.deployed.site import Site


def promised_seconds(site: Site, component: str, fault: str) -> float:
    """The longest outage after `fault`."""
    stack = check(site.deployment.settings, source="live", secret_names=None)
    around = stack.platform.surroundings()
    found = {part.origin.path: promises for part, promises in each_promise(stack, around)}
    (outage,) = (one.outage_millis for one in found[component] if one.fault == fault)
    assert outage is not None, f"{component} promises nothing after `{fault}`"
    return outage / 1000
