"""Lake to marts and reports, through dbt; what the SQL means does not belong here."""
