"""Dagster definitions and nothing else: thin wrappers, loaded by folder.

What a wrapper calls lives beside this folder and knows no Dagster. Folders meet by asset key, never by import.
"""
