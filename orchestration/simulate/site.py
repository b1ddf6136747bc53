"""The shop that is simulated: what it consists of and how fast each part is on a good day.

Only standing facts. What goes wrong, and when, is planted in `truth`; who comes and what they do is drawn in `traffic`.
The default `config/` describes the same shop from its owner's side, and a test keeps the two in step.
"""

from dataclasses import dataclass

ORIGIN = "https://shop.lighthouse-goods.example"
LOCAL_ZONE = "Europe/Berlin"  # order and maintenance exports carry the shop's local time, without saying so


@dataclass(frozen=True)
class Device:
    """A kind of device: its share of sessions, the medians of its phases in ms, and how readily it buys."""

    name: str
    share: float
    ttfb_ms: float
    paint_ms: float
    hero_ms: float
    inp_ms: float
    conversion_logit: float


@dataclass(frozen=True)
class Country:
    """A country: its share of sessions, one time zone, and how much slower it is than the shop's own."""

    code: str
    region: str
    zone: str
    utc_offset_h: int
    share: float
    slowness: float
    conversion_logit: float


@dataclass(frozen=True)
class PageGroup:
    """Pages alike: how heavy they are, and how often a visit starts there or goes there."""

    name: str
    hero: float
    inp: float
    shift: float
    landing: float
    browsing: float


@dataclass(frozen=True)
class Browser:
    """A browser: where it runs, and whether it reports layout shift."""

    name: str
    os: str
    device: str
    share: float
    has_cls: bool
    ua: str


@dataclass(frozen=True)
class Service:
    """A service with its probes, and its requests for each page view."""

    name: str
    interval_s: int
    locations: tuple[str, ...]
    requests_per_view: float
    response_ms: float


# Phones are slower and buy less for reasons of their own: whoever compares slow with fast sessions without looking
# at the device overstates what speed does.
DEVICES = (
    Device("mobile", 0.62, 410, 670, 595, 118, -0.55),
    Device("desktop", 0.33, 120, 305, 305, 66, 0.45),
    Device("tablet", 0.05, 350, 595, 555, 105, 0.05),
)
COUNTRIES = (
    Country("DE", "Berlin", "Europe/Berlin", 1, 0.36, 1.0, 0.15),
    Country("AT", "Wien", "Europe/Vienna", 1, 0.08, 1.05, 0.10),
    Country("CH", "Zürich", "Europe/Zurich", 1, 0.07, 1.0, 0.20),
    Country("FR", "Île-de-France", "Europe/Paris", 1, 0.12, 1.1, 0.0),
    Country("GB", "England", "Europe/London", 0, 0.10, 1.15, -0.05),
    Country("US", "New York", "America/New_York", -5, 0.18, 1.3, -0.10),
    Country("BR", "São Paulo", "America/Sao_Paulo", -3, 0.04, 2.2, -0.45),
    Country("IN", "Maharashtra", "Asia/Kolkata", 5, 0.05, 2.6, -0.60),
)
PAGE_GROUPS = (
    PageGroup("home", 1.1, 0.8, 1.0, 0.30, 0.08),
    PageGroup("category", 1.0, 1.0, 1.6, 0.18, 0.26),
    PageGroup("product", 1.15, 1.0, 0.9, 0.34, 0.42),
    PageGroup("search", 0.8, 1.9, 2.2, 0.06, 0.12),
    PageGroup("cart", 0.6, 1.1, 0.6, 0.01, 0.05),
    PageGroup("checkout", 0.6, 1.4, 0.5, 0.005, 0.01),
    PageGroup("account", 0.7, 1.0, 0.5, 0.05, 0.03),
    PageGroup("help", 0.5, 0.6, 0.4, 0.05, 0.02),
)
GROUP_INDEX = {group.name: index for index, group in enumerate(PAGE_GROUPS)}
CATEGORIES = ("lamps", "lanterns", "bells", "ropes", "maps", "coats", "boots", "books")
PRODUCT_COUNT = 400

CHANNELS = ("organic", "direct", "paid", "email", "social", "referral")
CHANNEL_SHARES = (0.38, 0.25, 0.17, 0.08, 0.08, 0.04)
CHANNEL_LOGITS = (0.0, 0.15, -0.10, 0.30, -0.40, 0.0)
CHANNEL_REFERRERS = (
    "https://www.google.com/",
    "",
    "https://www.google.com/",
    "",
    "https://www.instagram.com/",
    "https://blog.example/",
)

NAVIGATION_TYPES = (
    "navigate",
    "reload",
    "back-forward",
    "back-forward-cache",
    "prerender",
    "restore",
    "soft-navigation",
)
FIRST_NAVIGATION_SHARES = (0.95, 0.01, 0.01, 0.0, 0.02, 0.01, 0.0)
LATER_NAVIGATION_SHARES = (0.76, 0.04, 0.04, 0.09, 0.03, 0.01, 0.03)

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
BROWSERS = (
    Browser(
        "Chrome", "Android", "mobile", 0.52, True,
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36",
    ),
    Browser(
        "Safari", "iOS", "mobile", 0.38, False,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/26.1 Mobile/15E148 Safari/604.1",
    ),
    Browser(
        "Samsung Internet", "Android", "mobile", 0.10, True,
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
    ),
    Browser(
        "Chrome", "Windows", "desktop", 0.48, True,
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36",
    ),
    Browser(
        "Edge", "Windows", "desktop", 0.16, True,
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    ),
    Browser(
        "Firefox", "Windows", "desktop", 0.12, False,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
    Browser(
        "Safari", "macOS", "desktop", 0.24, False,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/26.1 Safari/605.1.15",
    ),
    Browser(
        "Safari", "iPadOS", "tablet", 0.70, False,
        "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/26.1 Mobile/15E148 Safari/604.1",
    ),
    Browser(
        "Chrome", "Android", "tablet", 0.30, True,
        f"Mozilla/5.0 (Linux; Android 14; SM-X710) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36",
    ),
)  # fmt: skip
BOT_UAS = (
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) "
    "Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) "
    "Chrome/116.0.1938.76 Safari/537.36",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)

# Who types a search asks at each letter, and every page asks for the basket: even on a quiet night an outage that no
# probe sees leaves requests to see it by.
SERVICES = (
    Service("storefront", 60, ("frankfurt", "virginia", "singapore"), 6.0, 120),
    Service("checkout-api", 60, ("frankfurt", "virginia", "singapore"), 2.0, 180),
    Service("search-api", 300, ("frankfurt", "virginia"), 4.0, 90),
)
LOCATION_MS = {"frankfurt": 15, "virginia": 95, "singapore": 170}

CURRENCIES = ("EUR", "USD", "GBP", "CHF")
CURRENCY_OF_COUNTRY = {"US": "USD", "GB": "GBP", "CH": "CHF"}
CURRENCY_WITHOUT_RATE = "JPY"
