"""dbt's nodes as Dagster's assets and checks: their names, owners, links and sentences."""

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from orchestration.dbt.sentences import claim
from orchestration.owners import DATA_ENGINEERING, MACHINE_LEARNING, SERVICE

_OWNERS: Final = {"features": MACHINE_LEARNING, "layers": SERVICE, "monitoring": MACHINE_LEARNING}
"""By layer; all others belong to data engineering."""


class LayerTranslator(DagsterDbtTranslator):
    """Names a dbt node as the database does, ``schema/table``, and groups by layer."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return ``schema/table``; for a model that no table holds, its name."""
        return dg.AssetKey([dbt_resource_props["schema"], self._table(dbt_resource_props)])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the layer, which is the schema."""
        return str(dbt_resource_props["schema"])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Return the role that answers for the layer."""
        return [_OWNERS.get(dbt_resource_props["schema"], DATA_ENGINEERING)]

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Return dbt's own tags, the layer, and how the table is made."""
        made = dbt_resource_props["config"].get("materialized", "source")
        layer = dbt_resource_props["schema"]
        return {**super().get_tags(dbt_resource_props), "layer": layer, "made": made}

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what dbt declares, with the columns, and the file of the model."""
        path = dbt_resource_props["original_file_path"]
        return {
            **super().get_metadata(dbt_resource_props),
            "model": f"dbt_project/{path}",
            "relation": f"{dbt_resource_props['schema']}.{self._table(dbt_resource_props)}",
        }

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """Return a test as a check that says what it claims and whether it stops what follows."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        node = manifest["nodes"][unique_id]
        severity = str(node["config"]["severity"]).lower()
        metadata = {
            **(spec.metadata or {}),
            "severity": severity,
            "test": f"dbt_project/{node['original_file_path']}",
        }
        return spec._replace(
            description=claim(node), metadata=metadata, blocking=severity == "error"
        )

    @staticmethod
    def _table(props: Mapping[str, Any]) -> str:
        return str(props.get("identifier") or props["alias"])
