"""Landing to lake, and the lake's upkeep; how files are read does not belong here."""
