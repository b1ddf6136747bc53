{#
    The beacons of Boomerang in the columns of raw_boomerang.beacons, as reports in those of raw_web_vitals.beacons: one
    row per metric of a beacon, and one per page view for the beacon that says that the page has loaded. Of the values
    that several beacons of a view give, the last counts, as ever. All beacons of a page have its `pid`; only a soft
    navigation begins a view of its own.
#}
{% macro boomerang_reports(beacons) %}
select
    report.name,
    -- Beacons of one view have the same start, by which they are found again where `pid` is missing.
    concat_ws('-', report.name, try_cast(started_ms as bigint), page_view, number) as id,
    case
        when page_view is not null
            then md5(concat_ws(
                '|', session_id, page_view, case when initiator = 'spa' then try_cast(started_ms as bigint) end
            ))
    end as page_view_id,
    session_id,
    user_id,
    url,
    url as navigation_url,
    case
        when initiator = 'spa' then 'soft-navigation'
        else ['navigate', 'reload', 'back-forward'][navigation_code + 1]
    end as navigation_type,
    started_ms as navigation_start_ms,
    country,
    connection,
    ua,
    release,
    report.value,
    -- Collectors note the second at best; `n` tells which beacon came first.
    received_at + to_microseconds(greatest(0, least(coalesce(number, 0), 1000000))) as received_at,
    event_date,
    _source_file,
    _source_line * 16384 + report.place as _place
from (
    select
        *,
        unnest([
            {
                'place': 0,
                'name': case
                    when
                        coalesce(initiator, '') in ('', 'spa', 'spa_hard')
                        and coalesce(start, '') <> 'manual'
                        and (is_quit is not true or number = 1)
                        then 'page_view'
                end,
                'value': null::double
            },
            { 'place': 1, 'name': 'LCP', 'value': lcp_ms },
            { 'place': 2, 'name': 'FCP', 'value': fcp_ms },
            { 'place': 3, 'name': 'CLS', 'value': cls },
            { 'place': 4, 'name': 'INP', 'value': inp_ms },
            { 'place': 5, 'name': 'FID', 'value': fid_ms },
            -- By the browser's clock; what the plugin RT counts as the back end begins at the same instant.
            {
                'place': 6,
                'name': 'TTFB',
                'value': coalesce(response_started_ms - navigation_started_ms, back_end_ms)
            },
        ]) as report
    from {{ beacons }}
) as beacons
where report.value is not null or report.name = 'page_view'
{% endmacro %}
