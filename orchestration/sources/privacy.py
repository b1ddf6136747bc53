"""SQL that takes personal data and secrets out of every text and path before it reaches the lake, and hashes user ids.

What goes is declared in `secrets`; here the rules become SQL. A cheap pattern decides whether a row needs any work at
all; the long chain of rules stands once in a query, inside a lambda over all texts of such a row. What is masked leaves
a word in brackets, so that a reader sees that something was there. The user key is a session variable, set with a bound
parameter: it never stands in SQL.
"""

from collections.abc import Sequence
from functools import cache

from orchestration.sources import secrets
from orchestration.sources.literals import literal
from orchestration.sources.secrets import BOUND, KEPT, Rule

# Firefox and Safari write a stack frame as function@address. Its @ is set aside until e-mails are out, or every frame
# would lose its function and one error would be another in each browser.
_FRAME_AT = r"@((?:blob:)?(?:https?|file|app|capacitor|ionic|resource|webpack(?:-internal)?|[a-z-]+-extension)://)"
_ASIDE = "\x03"
_ORIGIN = r"^[A-Za-z][A-Za-z0-9+.\-]*://[^/]*"
# Keys whose value is personal whatever it looks like; compared without case, underscores and hyphens.
_PERSONAL_KEYS = (
    "userid user uid customerid customer email mail phone ip clientip ipaddress remoteaddr remoteaddress xforwardedfor "
    "password token accesstoken authorization cookie cookies apikey secret firstname lastname fullname address"
)
_NONE = r"\b\B"


def is_private_text(text: str) -> str:
    """Returns SQL that tells whether a free text may hold personal data; NULL for NULL."""
    return _matches(text, (*_text_rules(), secrets.CARD, secrets.RANDOM))


def is_private_path(url: str) -> str:
    """Returns SQL that tells whether a URL without its query may hold personal data; NULL for NULL."""
    return _matches(url, (secrets.USER_IN_URL, *_path_rules(), secrets.CARD, secrets.RANDOM))


def is_private_label(text: str) -> str:
    """Returns SQL that tells whether a name or identifier may hold a secret or an e-mail address; NULL for NULL."""
    return _matches(text, (*_label_rules(), secrets.CARD))


def is_any_private_label(names: Sequence[str], keys: Sequence[str]) -> str:
    """Returns SQL that tells whether one of the names or keys of a row may hold a secret or an e-mail address.

    They are looked at together: each alone would cost as much to begin as to finish. A key of digits alone is no card:
    of random ones one in some thousands looks like it, and would cost its file a second, careful read.
    """
    together = f"concat_ws(chr(10), {', '.join([*names, *keys])})"
    if not keys:
        return is_private_label(together)
    words = [f"case when not {_is_number(key)} then {key} end" for key in keys]
    without_numbers = f"concat_ws(chr(10), {', '.join([*names, *words])})"
    return f"case when {is_private_label(together)} then {is_private_label(without_numbers)} else false end"


def scrubbed(texts: Sequence[str]) -> str:
    """Returns SQL for the list of free texts without e-mails, tokens, addresses, query strings and named secrets."""
    text = f"regexp_replace({_clean('t')}, {literal(_FRAME_AT)}, {literal(_ASIDE + chr(92) + '1')}, 'g')"
    masked = _decided(_masked(text, _text_rules()))
    return f"list_transform([{', '.join(texts)}], lambda t: replace({masked}, {_mark(_ASIDE)}, '@'))"


def scrubbed_labels(texts: Sequence[str]) -> str:
    """Returns SQL for the list of names and identifiers without what looks like a secret or an e-mail address."""
    return f"list_transform([{', '.join(texts)}], lambda t: {_label('t')})"


def scrubbed_list(names: str) -> str:
    """Returns SQL for a list of names without what looks like a secret or an e-mail address."""
    return f"list_transform({names}, lambda t: {_label('t')})"


def bare(url: str) -> str:
    """Returns SQL for a URL without query and fragment."""
    return (
        f"case when contains({url}, '?') or contains({url}, '#') then regexp_extract({url}, '^[^?#]*') else {url} end"
    )


def masked_paths(urls: Sequence[str]) -> str:
    """Returns SQL for the list of bare URLs without user and password, and without secrets in their paths."""
    origin = f"regexp_replace(regexp_extract(u, {literal(_ORIGIN)}), '//.*@', '//')"
    path = _clean(f"regexp_replace(u, {literal(_ORIGIN)}, '')")
    masked = _decided(_masked(path, _path_rules()))
    return f"list_transform([{', '.join(urls)}], lambda u: {origin} || {masked})"


def kept_parameters(url: str) -> str:
    """Returns SQL for the part of the query that the session variable `parameters_kept` allows, with its `?`, or ''."""
    parameters = (
        f"list_filter(string_split(regexp_extract({url}, '\\?([^#]*)', 1), '&'), "
        "lambda p: list_contains(getvariable('parameters_kept'), split_part(p, '=', 1)))"
    )
    rules = (*secrets.TOKENS, *secrets.LONG, secrets.EMAIL, *secrets.IPS)
    query = _cards(_masked(_clean(f"array_to_string({parameters}, '&')"), rules))
    return f"case when contains({url}, '?') then coalesce('?' || nullif({query}, ''), '') else '' end"


def hidden_key(masked: str, key: str) -> str:
    """Returns SQL for an identifier that rows are joined by: where it was masked, a keyed hash keeps it apart.

    One of digits alone stays, whatever else is masked in its row.
    """
    is_hidden = f"{masked} is distinct from {key} and not {_is_number(key)}"
    return f"case when {is_hidden} then '[hidden ' || left({hashed(key)}, 16) || ']' else {key} end"


def hashed(user: str) -> str:
    """Returns SQL for sha256(key ‖ id); the key is in the session variable `user_key`."""
    return f"sha256(getvariable('user_key') || {user})"


def is_personal(key: str) -> str:
    """Returns SQL that tells whether the name of a field says that its value is personal."""
    return (
        f"(contains({literal(f' {_PERSONAL_KEYS} ')}, ' ' || regexp_replace(lower({key}), '[^a-z0-9]', '', 'g') || ' ')"
        f" or regexp_full_match({key}, {literal(secrets.SECRET_NAME)}))"
    )


@cache
def _text_rules() -> tuple[Rule, ...]:
    return (
        secrets.PRIVATE_KEY,
        secrets.USER_IN_URL,
        secrets.URL_TAIL,
        *secrets.NAMES,
        secrets.QUERY,
        secrets.SCHEME,
        *secrets.TOKENS,
        *secrets.LONG,
        secrets.EMAIL,
        *secrets.IPS,
        *secrets.LINKS,
    )


@cache
def _path_rules() -> tuple[Rule, ...]:
    named = (secrets.SESSION_IN_PATH, secrets.VALUE_IN_PATH)
    return (*named, *secrets.TOKENS, *secrets.LONG, secrets.EMAIL, *secrets.IPS, *secrets.LINKS)


@cache
def _label_rules() -> tuple[Rule, ...]:
    return (
        secrets.PRIVATE_KEY,
        secrets.USER_IN_URL,
        *secrets.NAMES,
        secrets.SCHEME,
        *secrets.TOKENS,
        secrets.FULL_EMAIL,
    )


def _matches(text: str, rules: Sequence[Rule]) -> str:
    hints = dict.fromkeys(rule.hint or rule.regex for rule in rules)
    return f"regexp_matches({text}, {literal('|'.join(f'(?:{hint})' for hint in hints if hint != _NONE))})"


def _masked(expression: str, rules: Sequence[Rule]) -> str:
    for rule in rules:
        expression = f"regexp_replace({expression}, {literal(rule.regex)}, {literal(rule.left)}, 'g')"
    return expression


def _label(text: str) -> str:
    return _cards(_masked(_clean(text), _label_rules()))


def _clean(text: str) -> str:
    """Our own marks are no characters of a stranger's text."""
    return f"translate({text}, {literal(BOUND + KEPT + _ASIDE)}, '   ')"


def _decided(text: str) -> str:
    """Card numbers and random words: what a pattern finds, SQL decides upon."""
    return _at_matches(_cards(text), secrets.RANDOM, _is_random("w"))


def _cards(text: str) -> str:
    return f"replace({_at_matches(text, secrets.CARD, _is_card('w'))}, {_mark(KEPT)}, '')"


def _at_matches(text: str, rule: Rule, condition: str) -> str:
    """Each match is put between bounds, so that one split finds all; those that hold are replaced."""
    bounded = f"regexp_replace({text}, {literal(rule.regex)}, {literal(BOUND + chr(92) + '0' + BOUND)}, 'g')"
    kept = f"case when i % 2 = 0 and ({condition}) then {literal(rule.left)} else w end"
    return f"array_to_string(list_transform(string_split({bounded}, {_mark(BOUND)}), lambda w, i: {kept}), '')"


def _is_card(word: str) -> str:
    """The check digit of Luhn (ISO/IEC 7812-1), and how many digits a card of such a beginning has."""
    encoded = r"(?i)%(?:25)*2[0d]|[^0-9]"
    digits = f"regexp_replace({word}, {literal(encoded)}, '', 'g')"
    doubled = "case when n % 2 = 0 then [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][c::int + 1] else c::int end"
    sums = f"list_sum(list_transform(string_split(reverse(d), ''), lambda c, n: {doubled})) % 10 = 0"
    is_one = f"lambda d: case when regexp_full_match(d, {literal(secrets.CARD_LENGTHS)}) then {sums} else false end"
    # Behind a card in groups its security code may stand.
    found = f"case when regexp_matches({word}, '[^0-9]') then [{digits}, left({digits}, 16)] else [{digits}] end"
    return f"list_contains(list_transform({found}, {is_one}), true)"


def _is_random(word: str) -> str:
    """Tells a word of letters and digits that nobody wrote: its runs of one kind of character are short.

    A run is digits, capitals, or small letters with a capital before them. They are under 3 characters long on average
    in a token of 16 or more (2.5 where capitals are within it, as in CamelCase), and under 1.75 in one of 12 or more;
    `iphone15promax256gb` has 3.8, `HowWeCutLcpBy40Percent` 3.1. Names of files of a build keep their hash.
    """
    runs = f"len(regexp_extract_all(p, {literal('[A-Z]?[a-z]+|[A-Z]+|[0-9]+')}))"
    factor = "case when regexp_matches(p, '[a-z][A-Z]') then 2.5 else 3 end"
    is_short = f"length(p) >= 16 and {runs} * ({factor}) > length(p) or {runs} * 1.75 >= length(p)"
    mixed = f"regexp_matches(p, {literal(secrets.MIXED)}) and ({is_short})"
    hexadecimal = "regexp_full_match(p, '[0-9a-f]{16,}|[0-9A-F]{16,}') and regexp_matches(p, '[0-9]') "
    hexadecimal += "and regexp_matches(p, '[a-fA-F]')"
    pieces = f"regexp_extract_all({word}, '[A-Za-z0-9]{{12,}}')"
    odd = f"list_filter({pieces}, lambda p: ({mixed}) or ({hexadecimal}))"
    return f"case when regexp_matches({word}, {literal(secrets.ASSET)}) then false else len({odd}) > 0 end"


def _is_number(key: str) -> str:
    return f"regexp_full_match({key}, '[0-9]+')"


def _mark(text: str) -> str:
    return f"chr({ord(text)})"
