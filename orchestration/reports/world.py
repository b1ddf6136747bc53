"""A map of the world that needs no network: each country a labelled square, about where it lies.

Only where the squares stand and how they are drawn; which countries are shown, and as what, is decided in `content/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from orchestration.reports.charts import Role

_SIZE, _GAP = 40, 3
# ISO 3166 alpha-2, and XK. Neighbours stay neighbours where there is room; islands lie off their coast.
_GRID = """
.. .. .. .. .. .. GL .. .. .. .. .. SJ .. .. .. .. .. .. .. .. .. .. .. .. ..
.. .. .. .. .. .. .. .. IS .. .. .. NO SE FI .. .. .. RU .. .. .. .. .. .. ..
.. CA .. .. .. PM .. .. .. FO .. .. DK AX EE .. .. .. .. .. .. .. .. .. .. ..
.. US .. .. .. .. .. .. IE GB IM NL DE PL LV LT BY .. KZ .. MN .. .. .. .. ..
.. MX .. .. BM .. .. .. GG JE BE LU CZ SK UA MD .. UZ KG .. CN KP KR JP .. ..
.. GT BZ .. .. BS .. .. .. FR CH LI AT HU RO .. GE TM TJ .. .. .. .. .. .. ..
.. SV HN CU .. TC .. .. .. AD MC IT SI HR RS BG AM AZ AF PK NP BT HK TW .. ..
.. .. NI HT DO PR VG .. PT ES SM VA BA ME XK MK TR IQ IR IN BD MM MO .. PH ..
.. .. CR JM KY VI AI .. GI .. MT .. .. AL GR CY SY JO .. .. LK LA VN .. GU MP
.. .. PA .. AW KN AG .. MA DZ TN LY EG IL PS LB SA KW BH .. MV TH KH UM PW FM
.. .. CO VE CW MS GP DM EH MR ML NE TD SD ER DJ YE QA AE OM .. MY SG BN MH NR
.. .. EC GY SX BL MQ LC CV SN BF NG CF SS ET SO .. .. .. .. IO ID TL PG KI TV
.. .. PE SR GF MF VC BB GM GW GH TG CM UG KE SC .. .. .. .. .. .. .. SB WS TK
.. .. BO BR .. BQ GD TT GN SL CI BJ GA RW TZ KM MU RE .. .. CC CX .. VU WF AS
.. .. CL PY .. .. .. .. LR ST GQ CG CD BI MW YT .. .. .. .. .. AU NF NC FJ TO
.. .. .. AR UY .. .. .. .. SH AO ZM ZW MZ MG .. .. .. .. .. .. NZ .. CK NU PF
.. .. .. FK GS .. .. .. .. BV NA BW ZA SZ LS .. TF HM .. .. .. .. .. PN .. ..
.. .. .. .. .. .. .. .. .. .. .. .. AQ .. .. .. .. .. .. .. .. .. .. .. .. ..
"""
POSITIONS: dict[str, tuple[int, int]] = {
    code: (column, row)
    for row, line in enumerate(_GRID.strip().splitlines())
    for column, code in enumerate(line.split())
    if code != ".."
}


@dataclass(frozen=True)
class Place:
    """What the map says about a country: in colour, and in words for those who point, hear or tab."""

    role: Role
    text: str


def world_map(places: Mapping[str, Place], title: str) -> Markup:
    """Return the map as inline SVG: a list whose items are the countries of `places`, reached by keyboard.

    Args:
        places: by ISO 3166 alpha-2; a code that is not on the map is left out.
        title: what the map shows, for those who cannot see it.
    """
    columns = max(column for column, _ in POSITIONS.values()) + 1
    rows = max(row for _, row in POSITIONS.values()) + 1
    # The order of the page is that of the table: countries with traffic first, as they come.
    quiet = [_square(code, None) for code in POSITIONS if code not in places]
    told = [_square(code, place) for code, place in places.items() if code in POSITIONS]
    return Markup(
        '<div class="card map scroll" tabindex="0" role="region" aria-label="{}">'
        '<svg viewBox="0 0 {} {}" role="list" aria-label="{}">{}{}</svg></div>'
    ).format(title, columns * _SIZE, rows * _SIZE, title, Markup("").join(quiet), Markup("").join(told))


def _square(code: str, place: Place | None) -> Markup:
    column, row = POSITIONS[code]
    x, y, side = column * _SIZE, row * _SIZE, _SIZE - _GAP
    middle = Markup('<rect x="{}" y="{}" width="{}" height="{}" rx="5"/><text x="{}" y="{}">{}</text>').format(
        x, y, side, side, x + side / 2, y + side / 2 + 5, code
    )
    if place is None:
        return Markup('<g aria-hidden="true">{}</g>').format(middle)
    return Markup('<g class="{}" role="listitem" tabindex="0" aria-label="{}"><title>{}</title>{}</g>').format(
        place.role, place.text, escape(place.text), middle
    )
