"""Marts to predictions; statistics do not belong here."""
