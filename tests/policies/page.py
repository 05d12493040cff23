"""docs/policies.md: every rule, from its own description."""

from levels.overrides import level_in
from rules import RULES

from tests.policies import PACK

PATH = PACK.parent / "docs/policies.md"
_INTRODUCTION = """# Policies

What `policies/` checks of the rendered resources, under the Pulumi CLI and under the sandbox engine. A mandatory rule
stops an update, an advisory one is shown. Nothing is changed by a rule: a remedy that guesses may restart or move what
has data. Generated from the rules by `make golden`; do not edit.

## Levels

The levels of production hold unless a file says otherwise. `make` takes `policies/levels/<stack>.json` where there is
one; with `pulumi`:

```
pulumi preview -s dev --policy-pack policies --policy-pack-config policies/levels/dev.json
pulumi policy analyze --file state.json --policy-pack policies --policy-pack-config policies/levels/prod.json
```

`policies/levels/dev.json` makes every rule advisory. A stack of another name gets its own file. In it a rule may be
weaker for a while, with a reason and its last day:

```json
{
  "levels": { "environment": "prod" },
  "image-has-a-digest": {
    "enforcementLevel": "disabled",
    "reason": "the mirror builds again, under the same tags",
    "expires": "2030-01-31"
  }
}
```

Without a reason, or after that day, the file is refused and nothing is previewed or changed. What is in force is shown
by each preview, as the advisory `levels`. A stricter level needs no reason.

## What a preview does not know

A rule is silent about what it would have to know, and the preview says so; the update judges it. The value of a
variable, an argument or a reference is left out alone. A secret's value is never shown, whatever the rule.

## Rules
"""


def text() -> str:
    """The whole page."""
    rows = ["| Rule | Platforms | dev | prod | Why | How to fix |", "|---|---|---|---|---|---|"]
    for rule in RULES:
        levels = " | ".join(level_in(environment, rule).value for environment in ("dev", "prod"))
        platforms = " and ".join({"kubernetes": "Kubernetes", "swarm": "Swarm"}[one] for one in rule.platforms)
        rows.append(f"| `{rule.name}`: {rule.says} | {platforms} | {levels} | {rule.why} | {rule.fix} |")
    return _INTRODUCTION + "\n" + "\n".join(rows) + "\n"


def main() -> None:
    """Writes the page."""
    PATH.write_text(text())
    print(f"golden: wrote docs/{PATH.name}, {len(RULES)} rules")
