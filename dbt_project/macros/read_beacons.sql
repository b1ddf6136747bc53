{#
    What reports say, whatever tool exported them: device, browser, operating system and bot from the user agent, and the
    country from the time zone, where no field gives them. CTEs to stand after one of the given name, which has the
    columns of raw_web_vitals.beacons and `touch_points` of what calls itself a Macintosh, and one called `zones`; `place` orders the reports of one file, `is_late` says which came in a later day's export.
#}
{% macro read_beacons(beacons='beacons', place='_source_line', is_late='false') %}
user_agents as (

    -- Few, so that patterns are matched a few times and not for every report.
    select distinct ua from {{ beacons }}
    where ua is not null

),

agents as (

    select
        ua,
        {{ is_robot('ua') }} as is_bot,
        case
            when regexp_matches(ua, 'iPad|Tablet|PlayBook|Kindle|Silk/') then 'tablet'
            when ua like '%Android%' and ua not like '%Mobile%' then 'tablet'
            when regexp_matches(ua, 'Mobi|iPhone|iPod|Android') then 'mobile'
            else 'desktop'
        end as device,
        {{ browser_of('ua') }} as browser,
        case browser
            when 'Edge' then regexp_extract(ua, '\b(?:Edg|EdgA|EdgiOS|Edge)/(\d+)', 1)
            when 'Opera' then regexp_extract(ua, '\b(?:OPR|Opera)/(\d+)', 1)
            when 'Samsung Internet' then regexp_extract(ua, 'SamsungBrowser/(\d+)', 1)
            when 'Firefox' then regexp_extract(ua, '\b(?:Firefox|FxiOS)/(\d+)', 1)
            when 'Chrome' then regexp_extract(ua, '(?:Chrome|CriOS|Chromium)/(\d+)', 1)
            when 'Safari' then regexp_extract(ua, 'Version/(\d+)', 1)
            else ''
        end as browser_version,
        case
            when regexp_matches(ua, 'iPhone|iPad|iPod') then 'iOS'
            when ua like '%Android%' then 'Android'
            when ua like '%Windows%' then 'Windows'
            when ua like '%CrOS%' then 'ChromeOS'
            when regexp_matches(ua, 'Macintosh|Mac OS X') then 'macOS'
            when ua like '%Linux%' then 'Linux'
            else 'other'
        end as os
    from user_agents

),

renamed as (

    select
        beacons.id as report_id,
        beacons.page_view_id,
        beacons.session_id,
        beacons.user_id as visitor_id,
        beacons.name as metric,
        beacons.url,
        coalesce(beacons.navigation_url, beacons.url) as navigation_url,
        beacons.navigation_id,
        beacons.ua as user_agent,
        {{ own_name('beacons.region') }} as region,
        {{ own_name('beacons.connection') }} as connection,
        {{ own_name('left(beacons.release, 100)') }} as release,
        {{ own_name('left(beacons.channel, 100)') }} as channel,
        case
            when beacons.navigation_type is null then null
            when beacons.navigation_type in (
                'navigate', 'reload', 'back-forward', 'back-forward-cache', 'prerender', 'restore', 'soft-navigation'
            ) then beacons.navigation_type
            else 'other'
        end as navigation_type,
        case
            when beacons.device in ('mobile', 'tablet', 'desktop') then beacons.device
            when beacons.touch_points > 1 then 'tablet'
            else agents.device
        end as device,
        coalesce(
            {{ own_name("regexp_replace(left(beacons.browser, 50), '\\s+\\d[\\d.]*$', '')") }}, agents.browser
        ) as browser,
        -- A field may say "Chrome 142"; else the user agent does, if it is of the browser that the field names.
        nullif(coalesce(
            nullif(regexp_extract(left(beacons.browser, 50), '\s(\d{1,4})[\d.]*$', 1), ''),
            case when coalesce(beacons.browser, agents.browser) = agents.browser then agents.browser_version end
        ), '') as browser_version,
        coalesce(left(beacons.os, 50), case when beacons.touch_points > 1 then 'iOS' end, agents.os) as os,
        case
            when regexp_full_match(upper(beacons.country), '[A-Z]{2}') then upper(beacons.country)
            else zones.country
        end as country,
        zones.country is not null and not coalesce(regexp_full_match(upper(beacons.country), '[A-Z]{2}'), false)
            as is_country_derived,
        coalesce('web-vitals ' || nullif(regexp_extract(beacons.id, '^v(\d{1,3})-', 1), ''), 'other') as library,
        left({{ attributed_target('beacons.name', 'beacons.attribution') }}, 200) as target,
        {{ attributed_parts('beacons.name', 'beacons.attribution') }} as parts,
        beacons.value,
        beacons.delta,
        beacons.navigation_start_ms,
        -- The clock of the browser when it began to measure: v5-1795408385303-3831998646891.
        try_cast(split_part(beacons.id, '-', 2) as bigint) as client_clock_ms,
        -- 19 digits, not 18: DuckDB keeps a product of two shorter decimals within 18 digits, where a weight of 100 times
        -- a score overflows; with one of 19 it has 38. Every sum of weights downstream relies on this.
        cast(
            case when beacons.weight > 0 and beacons.weight <= 1e6 then greatest(beacons.weight, 1e-6) else 1 end
            as decimal(19, 6)
        ) as weight,
        beacons.is_new_user,
        coalesce(agents.is_bot, false) as is_bot,
        {{ is_late }} as is_late,
        beacons.event_date,
        beacons.received_at,
        -- One number that orders reports by receipt, then by file and line, without a tie.
        (cast(epoch_us(beacons.received_at) as hugeint) << 64)
        + ((hash(beacons._source_file) >> 40) << 40)
        + beacons.{{ place }} as _receipt_order
    from {{ beacons }} as beacons
    left join agents on beacons.ua = agents.ua
    left join zones on beacons.time_zone = zones.time_zone

)
{% endmacro %}


{# The name of a browser by its user agent. #}
{% macro browser_of(ua) -%}
case
    when regexp_matches({{ ua }}, '\b(Edg|EdgA|EdgiOS|Edge)/') then 'Edge'
    when regexp_matches({{ ua }}, '\b(OPR|Opera)/') then 'Opera'
    when {{ ua }} like '%SamsungBrowser/%' then 'Samsung Internet'
    when regexp_matches({{ ua }}, '\b(Firefox|FxiOS)/') then 'Firefox'
    when regexp_matches({{ ua }}, '(Chrome|CriOS|Chromium)/') then 'Chrome'
    when {{ ua }} like '%Safari/%' then 'Safari'
    else 'other'
end
{%- endmacro %}


{#
    Robots announce themselves: by a word for what they do, by a tool's name, or by an address at which to complain. What an
    Android phone says of its model is left out, for a Cubot is a phone. A headless browser alone is no robot: real user
    agents of test drives look so. These words agree with public lists more often than the rules of uap-core, which take
    Silk, the browser of Fire tablets, for a robot (figures in the README of dbt_project).
#}
{% macro is_robot(ua) -%}
    regexp_matches(
        case
            when {{ ua }} ilike '%android%' and {{ ua }} not ilike '%compatible;%'
                then regexp_replace({{ ua }}, '(?i)\([^()]*android[^()]*(?:\([^()]*\)[^()]*)*\)', '')
            else {{ ua }}
        end,
        '(?i)(bot\b|bot[/;_-]|crawl|spider|slurp|scraper|fetcher|scan(ner|ning)?\b|checker|validator|archiver|indexer|monitor|favicon'
        || '|\bpreview|lighthouse|pingdom|statuscake|gtmetrix|ptst|mediapartners|facebookexternalhit|external(agent|fetch)|google-'
        || '|\b[a-z]+-user\b|phantomjs|python|curl/|wget/|http-?client|okhttp|libwww|^java/'
        || '|https?://|www\.|\w@\w[\w-]*\.[a-z])'
    )
{%- endmacro %}
