-- What a reader of the marts calls in SQL. The published file keeps them parsed, so that clients from DuckDB 1.2 on run them.

-- A percentile of a histogram. Histograms are merged by putting them behind each other: flatten(list(histogram)).
-- The first entry carries the weight that is sought, so that it is summed once and not at every step.
create or replace macro experience.vitals_bucket(histogram, share) as
list_reduce(
    list_prepend(
        struct_pack(
            bucket := cast(null as integer),
            reached := 0.0::double,
            -- A billionth less than reached is reached: shares of weights are doubles.
            sought := cast(list_sum(list_transform(histogram, lambda entry: entry.weight)) as double) * share * 0.999999999
        ),
        list_transform(
            list_sort(histogram),
            lambda entry: struct_pack(
                bucket := entry.bucket, reached := cast(entry.weight as double), sought := 0.0::double
            )
        )
    ),
    lambda found, following: case
        when found.bucket is not null and found.reached >= found.sought then found
        else struct_pack(
            bucket := following.bucket, reached := found.reached + following.reached, sought := found.sought
        )
    end
).bucket;

create or replace macro experience.vitals_value(bucket, metric) as
case
    when bucket = 0 then 0.0
    when metric = 'CLS' then (bucket - 0.5) * 0.002
    when bucket = 1 then 0.5
    else power(1.02, bucket - 1.5)
end;

create or replace macro experience.vitals_percentile(histogram, metric, share) as
experience.vitals_value(experience.vitals_bucket(histogram, share), metric);

-- Web vitals of every cell of a roll-up over the days from first_day to last_day.
create or replace macro experience.vitals_between(roll_up_name, first_day, last_day) as table
select
    * exclude (histogram),
    experience.vitals_percentile(histogram, metric, 0.5) as p50_value,
    experience.vitals_percentile(histogram, metric, 0.75) as p75_value,
    experience.vitals_percentile(histogram, metric, 0.9) as p90_value,
    experience.vitals_percentile(histogram, metric, 0.99) as p99_value,
    histogram
from (
    select
        page_group, device, country, region, browser, browser_version, connection, navigation_type, "release",
        visitor_kind, metric,
        cast(sum(page_view_count) as bigint) as page_view_count,
        cast(sum(good_count) / sum(weight_sum) as double) as good_share,
        cast(sum(needs_improvement_count) / sum(weight_sum) as double) as needs_improvement_share,
        cast(sum(poor_count) / sum(weight_sum) as double) as poor_share,
        flatten(list(histogram)) as histogram
    from experience.fct_vitals_roll_ups_daily
    where roll_up = roll_up_name and event_date between first_day and last_day
    group by
        page_group, device, country, region, browser, browser_version, connection, navigation_type, "release",
        visitor_kind, metric
) as cells;
