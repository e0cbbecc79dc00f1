"""Who answers for an asset: roles of a team, no persons."""

from typing import Final

DATA_ENGINEERING: Final = "team:data-engineering"
MACHINE_LEARNING: Final = "team:machine-learning"
SERVICE: Final = "team:service"
