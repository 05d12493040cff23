"""`make drill`: break a deployed platform on purpose, and compare what happens with what was promised.

python -m drills run swarm --only postgres-killed,proxy-killed --runs 3
python -m drills list
python -m drills page
"""

import argparse
import sys
from collections.abc import Sequence

from drills.commands import REPOSITORY
from drills.errors import DrillError
from drills.faults import FAULTS
from drills.page import write_pages
from drills.plan import chosen, platform_of, runs_of
from drills.results import Results
from drills.runner import drill
from drills.settings import PRODUCT, SETTINGS, setting_of
from drills.site import Site
from drills.sites import deployed
from drills.stack import add_broker
from drills.verdict import broken
from sandbox.hosts.errors import HostError
from sandbox.load.writes import NotVerified

FAILED = (DrillError, HostError, NotVerified, AssertionError, OSError)
"""What a person is told in a line: what they asked for, or what did not become as it should in time."""
IN_A_ROW = 2


def main(arguments: list[str] | None = None) -> int:
    """0: every promise was kept; 1: one was not, or a drill could not be run to its end; 2: wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m drills", description="Faults, beside what was promised of them.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="run what is missing in out/drills-<platform>.json")
    run.add_argument("platform")
    run.add_argument("--only", default="", help="names of faults")
    run.add_argument("--runs", default="", help="of each fault; default: 3")
    run.add_argument("--setting", default="", help=f"{' or '.join(SETTINGS)}; default: product")
    verbs.add_parser("list", help="every fault, and what it does")
    page = verbs.add_parser("page", help="write docs/drills.md and its charts from the last full run")
    page.add_argument("--runs", default="", help="of each fault that make a run full; default: 3")
    given = parser.parse_args(arguments)
    try:
        if given.verb == "run":
            return run_drills(given.platform, given.only, given.runs, given.setting)
        print("\n".join(_listed() if given.verb == "list" else write_pages(runs=runs_of(given.runs))))
    except FAILED as error:
        print(f"drill: {error}", file=sys.stderr)
        return 1
    return 0


def run_drills(platform: str, only: str, runs: str, setting: str = "") -> int:
    """Run what is not there yet, and judge all that is, also where a drill has no result."""
    setting, many = setting_of(setting), runs_of(runs)
    names = chosen(only, platform_of(platform), SETTINGS[setting].of(FAULTS))
    results = Results(platform)
    results.require_this_machine()
    todo = results.missing(names, setting, many)
    said = len(names) * many - len(todo)
    where = results.path.relative_to(REPOSITORY)
    if said:
        print(f"drill: {said} of {len(names) * many} runs are in {where} already", flush=True)
    try:
        if todo:
            with deployed(platform, lambda line: print(line, flush=True)) as site:
                if setting != PRODUCT:
                    print(f"drill: the setting {setting}", flush=True)
                    site.deployment.up_ok(SETTINGS[setting].change)
                run_all(site, todo, results, setting)
    finally:
        wrong = [*broken([one for one in results.all if one.setting == setting and one.fault in names], FAULTS)]
        for line in wrong:
            print(f"drill: BROKEN: {line}", flush=True)
    if not wrong:
        print(f"drill: every promise was kept; see {where}")
    return 1 if wrong else 0


def run_all(site: Site, todo: Sequence[tuple[str, int]], results: Results, setting: str = PRODUCT) -> None:
    """A drill that cannot be run to its end has no result, and the next one may find all well again: two in a row end
    it. Raises DrillError at the end where there was one."""
    failed: list[str] = []
    in_a_row = 0
    for name, number in sorted(todo, key=lambda one: _of_broker(one[0])):  # those are last
        if _of_broker(name) and "brokers" not in site.deployment.settings:
            print("drill: a broker beside", flush=True)
            site.deployment.up_ok(add_broker)
        print(f"drill: {name} run {number}: {FAULTS[name].does}", flush=True)
        try:
            done = drill(FAULTS[name](site), number, setting=setting)
        except (*FAILED, LookupError, ValueError) as error:  # members that do not answer, or not what they should
            failed.append(f"{name} run {number} has no result: {str(error) or repr(error)}")
            print(f"drill: {failed[-1]}", flush=True)
            in_a_row += 1
            if in_a_row == IN_A_ROW:
                break
        else:
            results.add(done.result)
            print(f"drill: {done}", flush=True)
            in_a_row = 0
    if failed:
        raise DrillError("\n".join(failed))


def _of_broker(name: str) -> bool:
    return FAULTS[name].measures == "broker"


def _listed() -> list[str]:
    lines = []
    for name, fault in FAULTS.items():
        lines.append(f"{name}: {fault.does}; {fault.healed_by}")
        lines += [f"    not on {platform}: {why}" for platform, why in fault.not_on.items()]
    return lines


if __name__ == "__main__":
    sys.exit(main())
