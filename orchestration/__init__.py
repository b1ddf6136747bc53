"""How data moves: from landed exports to a published release. Meaning lives in dbt_project, inference in models."""
