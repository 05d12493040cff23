"""What the engine configures, before it asks anything.

The SDK tells a policy its own properties alone: not its level, and nothing where it is disabled. So the pack listens to
what the SDK's server gets, and refuses the whole configuration where an override has no reason or has ended.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import grpc
from google.protobuf import json_format
from pulumi_policy import EnforcementLevel, ReportViolation, StackValidationArgs, StackValidationPolicy
from pulumi_policy import policy as sdk
from rules.rule import Rule

from levels.overrides import NAME, Given, faults, in_force


class Levels:
    """The configuration of one run of the pack."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._given: dict[str, Given] = {}

    def listen(self) -> None:
        """From now on a pack's server tells this object what it is configured with."""
        levels = self

        class Servicer(sdk._PolicyAnalyzerServicer):
            def Configure(self, request: Any, context: Any) -> Any:
                levels.take(
                    {
                        name: Given(
                            level=self._convert_enforcement_level(one.enforcementLevel),
                            properties=json_format.MessageToDict(one.properties),
                        )
                        for name, one in request.policyConfig.items()
                    },
                    context,
                )
                return super().Configure(request, context)

        sdk._PolicyAnalyzerServicer = Servicer

    def take(self, given: dict[str, Given], context: Any) -> None:
        """Ends the call where the configuration is wrong: the engine then stops before it changes anything."""
        if found := faults(given, self._rules, date.today()):
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, "the policy configuration is wrong:\n  " + "\n  ".join(found)
            )
        self._given = given

    def policy(self) -> StackValidationPolicy:
        """Says which overrides are in force, to whoever reads a preview."""

        def validate(_: StackValidationArgs, report: ReportViolation) -> None:
            for override in in_force(self._given, self._rules):
                report(override)

        return StackValidationPolicy(
            name=NAME,
            description="Rules that are weaker than their environment has them.",
            enforcement_level=EnforcementLevel.ADVISORY,
            validate=validate,
        )
