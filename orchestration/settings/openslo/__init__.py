"""OpenSLO v1 documents, read into objectives; whatever Beaconmart does not account for is refused with the reason."""
