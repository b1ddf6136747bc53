r"""What is taken out of texts and paths before they reach the lake: the rules, each with what it is called on the list.

Formats of the tokens of providers are data of `detect-secrets`; names of secrets, addresses and paths are ours, because
its own are made for source code and look around, which DuckDB's engine (RE2, linear in time) cannot.

A pattern has no look-around: what must stay is marked with a control character first, which no text of ours holds.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from orchestration.sources.secret_words import (
    HINTED_NAME,
    LINK,
    LINK_WORDS,
    NAME,
    SPOKEN,
    STEMS,
    STEPS,
    SUFFIX,
    WHOLE_NAMES,
)

KEPT, BOUND = "\x02", "\x01"
_25 = "(?:25)*"
_SLASH = rf"(?:\\?/|%{_25}2[fF])"
_AT = rf"(?:[@＠﹫]|%{_25}40|[\\%]u0040|&#0*64;|&#[xX]0*40;|&commat;|[ \t]*[\[(][aA][tT][\])][ \t]*)"
_DOT = rf"(?:\.|%{_25}2[eE]|[ \t]*[\[(](?i:dot|\.)[\])][ \t]*)"
_LOCAL = r"[\p{L}\p{N}._%+\-]+"
# `web@1.2.3` is a release and `react@18.2.0` a package: a domain has a letter in its first name, or in its second.
_DOMAIN = rf"(?:[0-9]+{_DOT})?\p{{L}}[\p{{L}}\p{{N}}\-]*(?:{_DOT}[\p{{L}}\p{{N}}\-]+)*"
_FULL_DOMAIN = rf"(?:[0-9]+{_DOT})?(?:\p{{L}}[\p{{L}}\p{{N}}\-]*{_DOT})+\p{{L}}{{2}}\p{{L}}*\b"
_QUOTE = rf"""(?:\\*["'`\])]|\[\w*\]|%{_25}(?:2[27]|5[bBdD])|&quot;|&apos;|&#0*3[49];|\\u002[27])*"""
_SIGN = (
    rf"(?:[:=：＝﹕꞉∶︓]|->|%{_25}3[aAdD]|&#0*(?:58|61);|&#[xX]0*3[aAdD];|&colon;|&equals;|[\\%]u003[aAdD]"
    r"|\\x3[aAdD])[>=]?"
)
_SPACES = rf"(?:[\s\x{{a0}}\x{{2028}}\x{{2029}}\x{{3000}}+]|%{_25}20)*"
_IS = rf"{_QUOTE}{_SPACES}{_SIGN}{_SPACES}"
_NAMED = rf"(?i)({NAME}{_IS})"
# A password may begin with a comma or a brace: where more than a sign follows at once, it does.
_FIRST = r"""(?:\[[^\s"\]\[{]+|[^\s"'`\\,;&<\x02\[{]|[,;&<{]+[^\s"'<>\\,;&{}\[\]\x02])"""
# A list or an object, at most five deep, with texts in it that may hold brackets; or one that was cut off.
_INSIDE = r"""(?:"(?:[^"\\]|\\.)*"|\\+"(?:[^"\\]|\\+[^"\\])*\\+"|[^\[\]{}])*"""
_CLOSED = rf"[\[{{]{_INSIDE}[\]}}]"
for _ in range(4):
    _CLOSED = rf"[\[{{]{_INSIDE}(?:{_CLOSED}{_INSIDE})*[\]}}]"
_CUT_OFF = r"[\[{][^\]}]+$"
_WORD = rf"""{_FIRST}(?:[^\s"'<>\\,;]|,[^\s"\\])*"""
_HEADER_WORD = r"""(?:=\\*"[\w/+][^"\n]*"|[^\s"',;\\\x02\[{<]|\[[^\s"\]\[{]+)+"""
_NAMED_VALUE = rf"""(?i:(?:name|key|field|header|param|id)\\*["']?\s*[:=]\s*\\*["']{NAME})"""
_STRONG = r"[A-Za-z0-9!@#$%^*_~+=\-]"
_SCHEME = r"(?:[A-Za-z][\w\-]*(?:\s+|%20))?"
_PREFIXES = (
    r"\b(?:[spr]k_(?:live|test)_|gh[pousr]_|github_pat_|gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941"
    r"|xox[a-z]-|xapp-|A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA|AIza|GOCSPX-|ya29\.|sk-|npm_|hf_|shp[a-z]{2}_|dop_v1_|whsec_"
    r"|pypi-|SG\.|sq0[a-z]{3}-)"
)
_TOKENS = (
    # The third part of a JWT is its signature.
    r"eyJ[A-Za-z0-9_\-]{6,}(?:(?:\.|%2[eE])[A-Za-z0-9_\-]*){0,4}",
    _PREFIXES + r"[A-Za-z0-9_\-.]{10,}",
    r"\b[0-9a-fA-F]{32,}\b",
    r"\b[A-Za-z0-9_+=]{40,}",
)
# Plug-ins whose patterns stand for a token and not for its surroundings.
_PLUGINS = (
    "aws azure_storage_key discord github_token gitlab_token jwt mailchimp openai pypi_token sendgrid slack "
    "square_oauth stripe telegram_token twilio"
)
_D, _N, _C, _H = rf"(?:\.|%{_25}2[eE]|\[\.\])", r"\d{1,3}", rf"(?::|%{_25}3[aA])", r"[0-9a-fA-F]{1,4}"
_IPV4 = rf"\b{_N}{_D}(?:[1-9]\d{{0,2}}{_D}{_N}{_D}{_N}|0{_D}[1-9]\d{{0,2}}{_D}{_N}|0{_D}0{_D}[1-9]\d{{0,2}})\b"
_IPV6 = rf"\b(?:{_H}{_C}){{7}}{_H}\b|\b(?:{_H}{_C}){{1,6}}(?:{_C}{_H}){{1,6}}\b"
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_STOPS = r"""\s"'<>\\?#,)"""
_SEPARATOR = rf"(?:[ \t.\-+_ \x{{2010}}-\x{{2014}}]|%{_25}2[0dD])"
_CARD_STARTS = r"(?:4[0-9]{3}|5[0-9]{3}|2[2-7][0-9]{2}|6[0-9]{3}|3[05689][0-9]{2})"
_CARD_GROUPS = (
    rf"{_CARD_STARTS}(?:{_SEPARATOR}{{1,2}}[0-9]{{4}}){{3}}(?:{_SEPARATOR}[0-9]{{3}}\b)?"
    rf"|3[0-9]{{3}}{_SEPARATOR}[0-9]{{6}}{_SEPARATOR}[0-9]{{4,5}}"
)


@dataclass(frozen=True)
class Rule:
    """Something that is replaced; `hint` matches wherever `pattern` may, and is cheap; `what` stands on the list.

    A pattern that takes time to make is made by a function, once something has to be replaced.
    """

    what: str
    pattern: str | Callable[[], str]
    left: str
    hint: str = ""

    @property
    def regex(self) -> str:
        """The pattern."""
        return self.pattern if isinstance(self.pattern, str) else self.pattern()


def named(what: str, value: str, left: str, is_value: str = _NAMED) -> Rule:
    """Returns a rule for the value behind the name of a secret."""
    return Rule(what, is_value + value, left, rf"(?i:{HINTED_NAME}s?{_IS})")


@cache
def provider_tokens() -> str:
    """Returns the union of the patterns of `detect-secrets` for tokens."""
    base = import_module("detect_secrets.plugins.base").RegexBasedDetector
    modules = [import_module(f"detect_secrets.plugins.{name}") for name in _PLUGINS.split()]
    classes: list[Any] = [found for module in modules for found in vars(module).values() if isinstance(found, type)]
    detectors = [found for found in classes if issubclass(found, base) and found is not base]
    found = [pattern for detector in detectors for pattern in detector.denylist]
    return "|".join(_linear(pattern) for pattern in found if ".{" not in pattern.pattern)


def _linear(pattern: re.Pattern[str]) -> str:
    """A token may be longer than its pattern allows: all of it goes, and what only looks ahead is left out."""
    text = re.sub(r"\{(\d+),\d+\}", r"{\1,}", pattern.pattern.replace(r"(?!\w)", "")).removesuffix("?")
    return f"(?i:{text})" if pattern.flags & re.IGNORECASE else f"(?:{text})"


_EMAILS = "E-mail addresses, also percent-encoded (several times), as HTML entities or with `[at]`"
_KEYS = "Private keys (PEM)"
_USERS = "User and password in addresses (`https://user:password@host`)"
_VALUES = (
    "Values behind the names of secrets: password, pwd, token, secret, API key, access key, credentials, signature, "
    'cookie, authorization, session id and names that end so (`client_secret=`, `X-Api-Key:`, `"refreshToken": …`), '
    "with whole lists and objects; also Kennwort, contraseña, mot de passe, senha, пароль, 密码, パスワード and others"
)
_PROVIDERS = (
    "Tokens of providers (AWS, GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, SendGrid, Twilio, OpenAI, …) and JWTs"
)
_QUERIES = "Query strings and fragments of addresses"
_ADDRESSES = "IP addresses, also percent-encoded"
_AFTER = "What follows `/reset/`, `/invite/`, `/verify/`, `/confirm/`, `/unsubscribe/`, `/magic/`, `/token/` in a path"

PRIVATE_KEY = Rule(
    _KEYS,
    r"""-*BEGIN(?:[A-Z0-9 +]|%20)*PRIVATE(?: |%20|\+)KEY(?:[^"]*?-----END[^-"]*-----|[^"]*)""",
    "[key]",
    r"PRIVATE(?: |%20|\+)KEY",
)
USER_IN_URL = Rule(_USERS, r"""([A-Za-z][\w+.\-]*:(?:\\?/){2})[^\s/"'<>?#\\]*@""", r"\1", r"//[^\s/]*@")
NAMES = (
    Rule("", r"(?i)((?:unexpected|illegal) token\s*[:=]\s*)", rf"\1{KEPT}"),
    # What says that there is none stays, and the JSON that it is part of stays JSON.
    named(
        "",
        r"((?:null|undefined|true|false|none|nil|nan|required|missing|invalid|expired|empty|not)(?:[\s,;.)}\]]|$))",
        rf"\1{KEPT}\2",
    ),
    # Lists and objects behind a name go as a whole, also where they stand escaped in a text.
    named(_VALUES, rf"(?:{_CLOSED}|{_CUT_OFF})", r"\1\2[removed]\2", rf'(?i)({NAME}s?(\\*")\s*:\s*)'),
    named(_VALUES, rf"(?:{_CLOSED}|{_CUT_OFF})", r"\1[removed]"),
    named(_VALUES, r"""("(?:[^"\\]|\\.)*"?)""", r'\1"[removed]"', rf'(?i)({NAME}s?"\s*:\s*)'),
    # In quotes where a JSON value was, without them inside of a text. A quote before a comma or bracket ends a value.
    named(_VALUES, r"""("(?:[^"\\,}\]:]|\\.)(?:[^"\\]|\\.)*"?)""", r'\1"[removed]"'),
    named(_VALUES, r"-?\d[0-9.eE+\-]*", r'\1"[removed]"', rf'(?i)({NAME}"\s*:\s*)'),
    named(_VALUES, r"""(\\+["'])(?:[^"'\\]|\\+[^"'\\])*""", r"\1\2[removed]"),
    named(_VALUES, r"""(['`])[^'`"\n]*""", r"\1\2[removed]"),
    named(_VALUES, r"""(&quot;|&apos;|&#0*3[49];)[^&"\n]*""", r"\1\2[removed]"),
    named(
        _VALUES,
        rf"{_SCHEME}{_HEADER_WORD}(?:,\s*{_HEADER_WORD})*",
        r"\1[removed]",
        rf"(?i)([\w\-]*authorization{_IS})",
    ),
    named(_VALUES, rf"{_HEADER_WORD}(?:;\s*{_HEADER_WORD})*", r"\1[removed]", rf"(?i)([\w\-]*cookies?{_IS})"),
    named(_VALUES, _WORD, r"\1[removed]"),
    Rule(_VALUES, rf"""(?i)(<[\w:.\-]*(?:{STEMS})[^<>]*>)[^<"]+""", r"\1[removed]"),
    Rule(_VALUES, rf"""(?i)((?:^|\s)--?[\w\-]*(?:{STEMS})\s+)[^\s"'\\\-][^\s"'\\]*""", r"\1[removed]"),
    Rule(_VALUES, r"""((?:^|\s)(?:-u\s*|--user\s+))[^\s:"'\\]+:[^\s"'\\]+""", r"\1[removed]"),
    Rule(
        _VALUES,
        rf"""(?i)({NAME}\s+(?:is|was)\s+)[^\s"\\]*\d[^\s"\\]*""",
        r"\1[removed]",
        rf"(?i:(?:{STEMS}|{WHOLE_NAMES})\s+(?:is|was)\s)",
    ),
    # A form, a list of headers, a pair: the name is a value itself, and the secret is the next one.
    Rule(
        _VALUES,
        rf"""(?i)({_NAMED_VALUE}\\*["']\s*,\s*(\\*["'])(?:val(?:ue)?|content|text)\\*["']\s*:\s*)(?:{_CLOSED}|{_CUT_OFF})""",
        r"\1\2[removed]\2",
        _NAMED_VALUE,
    ),
    Rule(
        _VALUES,
        rf"""(?i)({_NAMED_VALUE}\\*["']\s*(?:,\s*\\*["'](?:val(?:ue)?|content|text)\\*["']\s*:|[^<>]*\bvalue=)\s*)"""
        r"""(\\*["'])(?:[^"'\\]|\\+[^"'\\])*""",
        r"\1\2[removed]",
        _NAMED_VALUE,
    ),
    Rule(
        _VALUES,
        rf"""(?i)({_NAMED_VALUE}\\*["'](?:\r?\n|(?:\\+r)?\\+n){{2}})[^\s"\\]+""",
        r"\1[removed]",
        _NAMED_VALUE,
    ),
    Rule(
        _VALUES,
        rf"""(?i)([\[({{,]\s*\\*["']{NAME}\\*["']\s*,\s*)(\\*["'])(?:[^"'\\]|\\+[^"'\\])*(\\*["']\s*[\])}}])""",
        r"\1\2[removed]\3",
        rf"""(?i)[\[({{,]\s*\\*["']{NAME}\\*["']\s*,""",
    ),
    Rule(
        _VALUES,
        rf"""(?i)(\b(?:{SPOKEN})\s+)(?:{_STRONG}*[a-z]{_STRONG}*[0-9]|{_STRONG}*[0-9]{_STRONG}*[a-z]){_STRONG}*([\s"',;)]|$)""",
        r"\1[removed]\2",
        rf"(?i:\b(?:{SPOKEN})\s)",
    ),
)
SCHEME = Rule(
    _VALUES,
    r"(?i)\b(bearer|basic|token|apikey)(?:\s+|%20|\+)[A-Za-z0-9._~+/=\-]*(?:[0-9_=]|[a-z](?-i:[A-Z]))[A-Za-z0-9._~+/=\-]{4,}",
    r"\1 [token]",
    r"(?i:\b(?:bearer|basic|token|apikey)(?:\s|%20|\+))",
)
URL_TAIL = Rule(_QUERIES, r"""([A-Za-z][A-Za-z0-9+.\-]*:(?:\\?/){2}[^\s"'<>?#]*)[?#][^\s"'<>\\]*""", r"\1")
QUERY = Rule(_QUERIES, r"""\?[^\s"'<>\\?]*=[^\s"'<>\\]*""", "", r"\?[^\s]*=")
LONG = tuple(
    Rule(
        "Hexadecimal numbers of 32 digits and more, and words of 40 letters and digits",
        pattern,
        "[token]",
        r"[A-Za-z0-9_+=]{32}",
    )
    for pattern in _TOKENS[2:]
)
EMAIL = Rule(_EMAILS, _LOCAL + _AT + _DOMAIN, "[email]", _AT)
FULL_EMAIL = Rule(_EMAILS, _LOCAL + _AT + _FULL_DOMAIN, "[email]", _AT)
IPS = (
    Rule(_ADDRESSES, _IPV4, "[ip]", rf"\d{_D}{_N}{_D}{_N}{_D}\d"),
    Rule(_ADDRESSES, _IPV6, "[ip]", rf"{_C}[0-9a-fA-F]{{0,4}}{_C}"),
)
_STEP = Rule("", rf"(?i)({_SLASH})((?:{STEPS})(?:[{_STOPS}/]|$))", rf"\1{KEPT}\2", r"\b\B")
LINKS = (
    # A step takes the slash of the next one with it: twice finds neighbours.
    _STEP,
    _STEP,
    Rule(
        _AFTER,
        rf"(?i)({_SLASH}{LINK}(?:{_SLASH}{KEPT}[^{_STOPS}/%]*)*){_SLASH}[^{_STOPS}/{KEPT}][^{_STOPS}]*",
        r"\1/[token]",
        rf"(?i:(?:/|2f)[\w.\-]*(?:{LINK_WORDS})[\w.\-]*(?:\\?/|%))",
    ),
    Rule("", rf"({_SLASH}){_UUID}", r"\1[token]", r"[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
)
SESSION_IN_PATH = Rule(
    _QUERIES, r"(?i);[\w.\-]*(?:sess|sid|token|auth)[\w.\-]*=[^/;]*", "", r"(?i);[\w.\-]*(?:sess|sid|token|auth)"
)
CARD_LENGTHS = r"4\d{15}|4\d{18}|5[0-8]\d{14}|2[2-7]\d{14}|6\d{15,18}|3[47]\d{13}|3[0689]\d{12}|35\d{14}"
# Digits within a hexadecimal number, as ids have them, are no card; they may touch other words, as in `visa4111…`.
CARD = Rule(
    "Card numbers, told from other numbers by their check digit",
    rf"{_CARD_GROUPS}|[0-9]{{14,}}",
    "[card]",
    r"(?:^|[^0-9A-Za-z]|[G-Zg-z][A-Za-z]*|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})"
    rf"(?:{CARD_LENGTHS}|{_CARD_GROUPS})(?:[^0-9A-Fa-f]|[A-Fa-f]+[G-Zg-z]|$)",
)
# Three runs of digits, or four capitals behind other characters: fewer are a name with a version or two in it.
MIXED = r"[0-9][A-Za-z]+[0-9]+[A-Za-z]+[0-9]|(?:[a-z0-9][A-Z]+[A-Za-z0-9]*?){4}"
RANDOM = Rule(
    "Words that are random by their look, such as `Xk9qLmZ7vQpRt2Wy8`",
    r"[A-Za-z0-9][A-Za-z0-9_.~+\-]{11,}",
    "[token]",
    rf"{MIXED}|[0-9a-f]{{16}}|[0-9A-F]{{16}}",
)
ASSET = r"(?i)\.(?:m?js|css|map|png|jpe?g|webp|avif|gif|svg|ico|woff2?|ttf|json|wasm|mp4|webm)$"
VALUE_IN_PATH = Rule(
    _VALUES,
    rf"(?i)([\w.\-]*(?:{STEMS}){SUFFIX}(?:=|%(?:25)*3d))[^/]+",
    r"\1[removed]",
    rf"(?i:(?:{STEMS}){SUFFIX}(?:=|%(?:25)*3d))",
)
SECRET_NAME = rf"(?i)[\w.\-]*(?:{STEMS}){SUFFIX}"


# To import `detect-secrets` takes 0.1 s of CPU time, which files without a secret are spared.
TOKENS = (
    *(Rule(_PROVIDERS, pattern, "[token]") for pattern in _TOKENS[:2]),
    Rule(
        _PROVIDERS,
        provider_tokens,
        "[token]",
        rf"{_PREFIXES}|(?i:\bxox[a-z]-|hooks\.slack)|AccountKey=|\.[A-Za-z\d_\-]{{6}}\.[A-Za-z\d_\-]{{27}}"
        r"|\d{8}:[0-9A-Za-z_\-]{35}|(?:AC|SK)[a-z0-9]{8}|-us\d|eyJ",
    ),
)


def removed() -> tuple[str, ...]:
    """Returns what is taken out of texts and paths, as the documentation lists it."""
    names = (*NAMES, PRIVATE_KEY, *TOKENS, SCHEME, *LONG, USER_IN_URL, URL_TAIL, EMAIL, *IPS, CARD, *LINKS, RANDOM)
    return tuple(dict.fromkeys(rule.what for rule in names if rule.what))
