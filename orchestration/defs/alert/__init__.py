"""Judgements to alerts and messages; how alerts come to be does not belong here."""
