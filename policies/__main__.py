"""The policy pack: which rules there are, and how strict each is.

A pack is a program of its own. It imports nothing of the project: it judges what was rendered, for both platforms.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pulumi_policy import EnforcementLevel, PolicyPack
from rules import availability, backups, exposure, identity, images, limits, secrets

MANDATORY, ADVISORY = EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY

PolicyPack(
    name="ha-platform",
    enforcement_level=MANDATORY,
    policies=[
        images.image_is_pinned(MANDATORY),
        secrets.no_secret_in_environment(MANDATORY),
        secrets.no_secret_in_configuration(MANDATORY),
        limits.memory_limit_is_set(MANDATORY),
        identity.process_is_not_root(MANDATORY),
        identity.root_is_an_exception(ADVISORY),
        identity.root_file_system_is_read_only(ADVISORY),
        availability.health_is_checked(MANDATORY),
        availability.replicas_survive_one_host(ADVISORY),
        availability.disruption_budget_can_be_met(MANDATORY),
        availability.replicas_see_the_same_files(ADVISORY),
        availability.stateful_data_is_on_a_volume(MANDATORY),
        # Advisory: the pinned upstream image of PostgreSQL has no pgBackRest.
        backups.data_has_a_verified_backup(ADVISORY),
        exposure.operators_ports_are_not_public(MANDATORY),
    ],
)
