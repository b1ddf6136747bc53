"""SQL that takes personal data out of URLs and free text before it reaches the lake, and hashes user ids.

A cheap pattern decides whether a row needs any work at all; the long chain of rules stands once in a query, inside a
lambda over all texts of such a row. What is masked leaves a word in brackets, so that a reader sees that something was
there. The user key is a session variable, set with a bound parameter: it never stands in SQL.
"""

from collections.abc import Sequence

from orchestration.sources.literals import literal

# `@` may be written as %40 in URLs and as \\u0040 in JSON text that was kept as it came.
_AT = r"(?:@|%40|\\u0040)"
_EMAIL = rf"[A-Za-z0-9._%+\-]+{_AT}[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*"
_JWT = r"eyJ[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*){0,2}"
_BEARER = r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,}"
_KEY_PREFIX = r"\b(?:[spr]k_(?:live|test)_|gh[pousr]_|glpat-|xox[abprs]-|AKIA|AIza|sk-)"
_API_KEY = _KEY_PREFIX + r"[A-Za-z0-9_\-]{10,}"
_LONG_HEX = r"\b[0-9a-fA-F]{32,}\b"
_LONG_TOKEN = r"\b[A-Za-z0-9_+=]{40,}"  # noqa: S105 - a pattern
# A browser's version, 120.0.0.0, looks like an address; no host has such a one.
_IPV4 = r"\b\d{1,3}\.(?:[1-9]\d{0,2}\.\d{1,3}\.\d{1,3}|0\.[1-9]\d{0,2}\.\d{1,3}|0\.0\.[1-9]\d{0,2})\b"
_IPV6 = r"\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b|\b(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}\b"
_URL_TAIL = r"""([A-Za-z][A-Za-z0-9+.\-]*://[^\s"'<>?#\\]*)[?#][^\s"'<>\\]*"""
_QUERY = r"""\?[^\s"'<>\\?]*=[^\s"'<>\\]*"""
_NAMED = (
    r"""(?i)(\b(?:user_?id|uid|client_?ip|ip_?address|remote_?addr(?:ess)?|ip|e_?mail|phone|password|passwd|secret"""
    r"""|api_?key|access_?token|auth_?token|session_?token|token|authorization|cookie)\\*["']?\s*[:=]\s*)"""
)
# What replaces a value must leave JSON text valid: in quotes where a JSON value was, without them inside of a text.
_NAMED_TEXT = _NAMED + r"""("(?:[^"\\]|\\.)*"?)"""
_NAMED_NUMBER = _NAMED.replace(r"\\*[" + '"' + r"']?\s*[:=]", '"' + r"\s*:") + r"-?\d[0-9.eE+\-]*"
_NAMED_WORD = _NAMED + r"""(\\+"|'?)[^\s"',;&}\]\\]+"""
_IN_ANY_TEXT = (
    (_EMAIL, "[email]"),
    (_JWT, "[token]"),
    (_API_KEY, "[token]"),
    (_LONG_HEX, "[token]"),
    (_LONG_TOKEN, "[token]"),
    (_IPV4, "[ip]"),
    (_IPV6, "[ip]"),
)
# Firefox and Safari write a stack frame as function@address. Its @ is set aside until e-mails are out, or every frame
# would lose its function and one error would be another in each browser.
_FRAME_AT = r"@((?:blob:)?(?:https?|file|app|capacitor|ionic|resource|webpack(?:-internal)?|[a-z-]+-extension)://)"
_ASIDE = "\x01"
_IN_FREE_TEXT = (
    (_ASIDE, " "),
    (_FRAME_AT, _ASIDE + r"\1"),
    (_NAMED_TEXT, r'\1"[removed]"'),
    (_NAMED_NUMBER, r'\1"[removed]"'),
    (_NAMED_WORD, r"\1\2[removed]"),
    (_URL_TAIL, r"\1"),
    (_QUERY, ""),
    (_BEARER, r"\1 [token]"),
    *_IN_ANY_TEXT,
    (_ASIDE, "@"),
)
_SUSPICIOUS = rf"@|%40|\\u0040|eyJ|{_KEY_PREFIX}|[A-Za-z0-9_+=]{{32}}|\d\.\d{{1,3}}\.\d{{1,3}}\.\d|:[0-9a-fA-F]{{0,4}}:"
_SUSPICIOUS_URL = rf"(?i:;jsessionid)|{_SUSPICIOUS}"
_SUSPICIOUS_TEXT = rf"{_URL_TAIL}|\?[^\s]*=|{_NAMED}|(?i:\b(?:bearer|basic)\s)|{_SUSPICIOUS}"
_ORIGIN = r"^[A-Za-z][A-Za-z0-9+.\-]*://[^/]*"
# Keys whose value is personal whatever it looks like; compared without case, underscores and hyphens.
_PERSONAL_KEYS = (
    "userid user uid customerid customer email mail phone ip clientip ipaddress remoteaddr remoteaddress xforwardedfor "
    "password token accesstoken authorization cookie cookies apikey secret firstname lastname fullname address"
)


def is_private_text(text: str) -> str:
    """Returns SQL that tells whether a free text may hold personal data; NULL for NULL."""
    return f"regexp_matches({text}, {literal(_SUSPICIOUS_TEXT)})"


def is_private_path(url: str) -> str:
    """Returns SQL that tells whether a URL without its query may hold personal data; NULL for NULL."""
    return f"regexp_matches({url}, {literal(_SUSPICIOUS_URL)})"


def scrubbed(texts: Sequence[str]) -> str:
    """Returns SQL for the list of free texts without e-mails, tokens, addresses, query strings and named secrets."""
    return f"list_transform([{', '.join(texts)}], lambda t: {_masked('t', _IN_FREE_TEXT)})"


def bare(url: str) -> str:
    """Returns SQL for a URL without query and fragment."""
    return (
        f"case when contains({url}, '?') or contains({url}, '#') then regexp_extract({url}, '^[^?#]*') else {url} end"
    )


def masked_paths(urls: Sequence[str]) -> str:
    """Returns SQL for the list of bare URLs without user and password, and without secrets in their paths."""
    origin = f"regexp_replace(regexp_extract(u, {literal(_ORIGIN)}), '//.*@', '//')"
    path = f"regexp_replace(u, {literal(_ORIGIN + r'|(?i:;jsessionid=)[^/]*')}, '', 'g')"
    return f"list_transform([{', '.join(urls)}], lambda u: {origin} || {_masked(path, _IN_ANY_TEXT)})"


def kept_parameters(url: str) -> str:
    """Returns SQL for the part of the query that the session variable `parameters_kept` allows, with its `?`, or ''."""
    parameters = (
        f"list_filter(string_split(regexp_extract({url}, '\\?([^#]*)', 1), '&'), "
        "lambda p: list_contains(getvariable('parameters_kept'), split_part(p, '=', 1)))"
    )
    query = _masked(f"array_to_string({parameters}, '&')", _IN_ANY_TEXT)
    return f"case when contains({url}, '?') then coalesce('?' || nullif({query}, ''), '') else '' end"


def hashed(user: str) -> str:
    """Returns SQL for sha256(key ‖ id); the key is in the session variable `user_key`."""
    return f"sha256(getvariable('user_key') || {user})"


def is_personal(key: str) -> str:
    """Returns SQL that tells whether the name of a field says that its value is personal."""
    return (
        f"contains({literal(f' {_PERSONAL_KEYS} ')}, ' ' || regexp_replace(lower({key}), '[^a-z0-9]', '', 'g') || ' ')"
    )


def _masked(expression: str, rules: Sequence[tuple[str, str]]) -> str:
    for pattern, replacement in rules:
        expression = f"regexp_replace({expression}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return expression
