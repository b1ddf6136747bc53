"""SQL macros that take personal data out of text before it reaches the lake, and hash user ids.

One cheap pattern decides whether a text needs any work at all, so that clean text costs one scan. What is masked leaves
a word in brackets, so that a reader sees that something was there. The user key is a session variable, set with a bound
parameter: it never stands in SQL.
"""

import duckdb

# `@` may be written as %40 in URLs and as \\u0040 in JSON text that was kept as it came.
_AT = r"(?:@|%40|\\u0040)"
_EMAIL = rf"[A-Za-z0-9._%+\-]+{_AT}[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*"
_JWT = r"eyJ[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*){0,2}"
_BEARER = r"(?i)\b(bearer|basic|token)\s+[A-Za-z0-9._~+/=\-]{8,}"
_API_KEY = r"\b(?:sk|pk|rk|ghp|gho|ghs|xox[abprs]|AKIA|AIza|glpat)[_\-]?[A-Za-z0-9_\-]{12,}"
_LONG_HEX = r"\b[0-9a-fA-F]{32,}\b"
_LONG_TOKEN = r"\b[A-Za-z0-9_+=]{40,}"
# A browser's version, 120.0.0.0, looks like an address; no host has such a one.
_IPV4 = r"\b\d{1,3}\.(?:[1-9]\d{0,2}\.\d{1,3}\.\d{1,3}|0\.[1-9]\d{0,2}\.\d{1,3}|0\.0\.[1-9]\d{0,2})\b"
_IPV6 = (
    r"\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b|\b(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}\b"
)
_URL_TAIL = r"""([A-Za-z][A-Za-z0-9+.\-]*://[^\s"'<>?#\\]*)[?#][^\s"'<>\\]*"""
_QUERY = r"""\?[^\s"'<>\\?]*=[^\s"'<>\\]*"""
_NAMED_SECRET = (
    r"""(?i)(["']?\b(?:user_?id|uid|client_?ip|ip_?address|remote_?addr(?:ess)?|ip|e_?mail|phone|password|passwd"""
    r"""|secret|api_?key|access_?token|auth_?token|session_?token|token|authorization|cookie)["']?\s*[:=]\s*)"""
    r"""("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"',;&}\]]+)"""
)
_SUSPICIOUS = (
    r"[@?]|%40|\\u0040|#|eyJ|(?i:bearer|basic|token|secret|passw|cookie|authoriz|user_?id|\buid|\bip|_ip|addr|mail"
    r"|phone|api_?key)|[sprg][khl][a-z]?[_\-]|xox|AKIA|AIza|[A-Za-z0-9_+=]{32}|\d\.\d{1,3}\.\d{1,3}\.\d|:[0-9a-fA-F]{0,4}:"
)
_RULES = (
    (_NAMED_SECRET, r'\1"[removed]"'),
    (_URL_TAIL, r"\1"),
    (_QUERY, ""),
    (_EMAIL, "[email]"),
    (_JWT, "[token]"),
    (_BEARER, r"\1 [token]"),
    (_API_KEY, "[token]"),
    (_LONG_HEX, "[token]"),
    (_LONG_TOKEN, "[token]"),
    (_IPV4, "[ip]"),
    (_IPV6, "[ip]"),
)
# Keys whose value is personal whatever it looks like; compared without case, underscores and hyphens.
PERSONAL_KEYS = (
    "userid user uid customerid customer email mail phone ip clientip ipaddress remoteaddr remoteaddress xforwardedfor "
    "password token accesstoken authorization cookie cookies apikey secret firstname lastname fullname address"
).split()


_ORIGIN = r"^[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*"
_SUSPICIOUS_URL = (
    r"[?#@]|%40|(?i);jsessionid|eyJ|[A-Za-z0-9_+=]{32}|[sprg][khl][a-z]?[_\-]|xox|AKIA|AIza"
    r"|\d\.\d{1,3}\.\d{1,3}\.\d|:[0-9a-fA-F]{0,4}:"
)


def define_macros(connection: duckdb.DuckDBPyConnection, parameters_kept: list[str]) -> None:
    """Defines `scrubbed(text)`, `stripped(url)`, `hashed(id)` and `is_personal(key)` for a connection.

    `stripped` leaves scheme, host and path, and of the query only the parameters named in `parameters_kept`.
    `hashed` needs the session variable `user_key`.
    """
    macros = {
        "scrubbed(t)": f"case when regexp_matches(t, {_literal(_SUSPICIOUS)}) then {_masked('t', _RULES)} else t end",
        "stripped(u)": f"case when regexp_matches(u, {_literal(_SUSPICIOUS_URL)}) then {_bare('u')}"
        f"{_kept('u') if parameters_kept else ''} else u end",
        "hashed(i)": "sha256(getvariable('user_key') || i)",
        "is_personal(k)": f"contains({_literal(' ' + ' '.join(PERSONAL_KEYS) + ' ')}, "
        "' ' || regexp_replace(lower(k), '[^a-z0-9]', '', 'g') || ' ')",
    }
    for signature, body in macros.items():
        connection.execute(f"create or replace temp macro {signature} as {body}")
    connection.execute("set variable parameters_kept = ?", [parameters_kept])


def _masked(expression: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        expression = f"regexp_replace({expression}, {_literal(pattern)}, {_literal(replacement)}, 'g')"
    return expression


def _bare(url: str) -> str:
    """Returns SQL for scheme and host without user and password, and the path without secrets."""
    origin = f"regexp_replace(regexp_extract({url}, {_literal(_ORIGIN)}), '//[^/]*@', '//')"
    path = f"regexp_replace({url}, {_literal(_ORIGIN + r'|[?#].*$|(?i:;jsessionid=)[^/?#]*')}, '', 'gs')"
    return f"{origin} || {_masked(path, _RULES[3:])}"


def _kept(url: str) -> str:
    parameters = (
        f"list_filter(string_split(regexp_extract({url}, '\\?([^#]*)', 1), '&'), "
        "lambda p: list_contains(getvariable('parameters_kept'), split_part(p, '=', 1)))"
    )
    values = _masked(f"array_to_string({parameters}, '&')", _RULES[3:])
    return f" || coalesce('?' || nullif({values}, ''), '')"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
