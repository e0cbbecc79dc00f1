"""The dbt project as Dagster sees it: manifest, names, results. Its SQL is ``dbt_project``'s."""
