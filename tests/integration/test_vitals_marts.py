"""Web vitals of a published site: what is counted in several ways adds up to the same."""

import pytest

pytestmark = pytest.mark.slow

DIFFERENCES = {
    "parts of a metric make the value": """
        select metric, page_group, device, event_date, sum(part_sum) as parts, any_value(value_sum) as whole,
            any_value(weight_sum) as weight
        from experience.fct_vitals_parts_daily group by all
        having abs(parts - whole) > weight * if(metric = 'INP', 8, 1)
    """,
    "score and losses make 100": """
        select page_view_id, ux_score from experience.fct_page_views
        where abs(ux_score + coalesce(lcp_loss, 0) + coalesce(inp_loss, 0) + coalesce(cls_loss, 0)
            + coalesce(fcp_loss, 0)
            + coalesce(ttfb_loss, 0) - 100) > 0.00001
    """,
    "opportunities of page groups make what the site lacks": """
        select sum(opportunity),
            100 - (select ux_score from reports.rpt_experience_by_cell where roll_up = 'site') as lacking
        from reports.rpt_experience_by_cell where roll_up = 'page_group' having abs(sum(opportunity) - lacking) > 1e-6
    """,
    "every roll-up counts every headline page view once": """
        select cells.roll_up, metric, event_date, sum(cells.weight_sum) as counted, any_value(site.weight_sum) as whole
        from experience.fct_vitals_roll_ups_daily as cells
        inner join (from experience.fct_vitals_roll_ups_daily where roll_up = 'site') as site using (metric, event_date)
        where cells.navigation_type not in ('soft-navigation', 'other')
        group by cells.roll_up, metric, event_date having counted <> whole
    """,
    "the finest roll-up and the daily cells agree": """
        (select page_group, device, country, metric, event_date, sum(weight_sum), sum(good_count), sum(poor_count)
        from experience.fct_vitals_daily where is_headline group by all)
        except
        (select page_group, device, country, metric, event_date, weight_sum, good_count, poor_count
        from experience.fct_vitals_roll_ups_daily where roll_up = 'page_group, device, country')
    """,
    "weeks and months hold their days": """
        select part, roll_up, metric, date_trunc(part, event_date)::date, sum(page_view_count)
        from experience.fct_vitals_roll_ups_daily, (values ('week'), ('month')) as parts (part) group by all
        except
        select period, roll_up, metric, event_date, sum(page_view_count) from experience.fct_vitals_periods group by all
    """,
    "28 days hold their days, of page group, device and country too": """
        select page_group, device, country, metric, windows.event_date, any_value(windows.page_view_count) as windowed,
            sum(days.page_view_count) as counted
        from experience.fct_vitals_28d as windows
        inner join experience.fct_vitals_roll_ups_daily as days using (page_group, device, country, metric)
        where windows.country <> 'all' and windows.device <> 'all'
            and days.roll_up = 'page_group, device, country'
            and days.event_date between windows.event_date - 27 and windows.event_date
        group by all having windowed <> counted
    """,
    "no more beacons are lost than followed": """
        select metric from experience.fct_beacon_integrity_daily where broken_chain_count > follow_up_count
    """,
}


@pytest.mark.parametrize("what", DIFFERENCES)
def test_what_is_counted_in_two_ways_is_the_same(small_site, what):
    assert small_site.rows(DIFFERENCES[what]) == []


def test_every_page_is_quoted_from_somewhere_with_its_sample(small_site):
    levels = dict(small_site.rows("select level, min(page_view_count) from reports.rpt_vitals_by_page group by level"))
    assert levels["page_group"] >= 100 and levels.keys() <= {"page", "page_group", "site"}
    found = "experience.vitals_between('browser', date '2026-11-01', date '2026-11-20')"
    assert small_site.rows(f"select count(distinct browser) > 3 from {found}") == [(True,)]
