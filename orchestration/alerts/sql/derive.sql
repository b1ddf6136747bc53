-- Alerts of the subjects whose judgements have changed (`changed`), derived anew from where the change can reach.
-- `rules` says after how many seconds without a met judgement an alert resolves. A burn rate may come back within its
-- short window for one bad event while the long one remembers: until that has passed it is the same alert.
create or replace temp table ranges as
select
    touched.rule,
    touched.subject,
    coalesce(any_value(rules.resolve_after_s), 0) as resolve_after_s,
    least(min(touched.changed_from), min(alerts.opened_at)) as derive_from
from (select rule, subject, min(evaluated_at) as changed_from from changed group by all) as touched
left join rules using (rule)
left join alerts
    on touched.rule = alerts.rule
    and touched.subject = alerts.subject
    and (alerts.resolved_at is null or alerts.resolved_at >= touched.changed_from)
group by touched.rule, touched.subject;

-- One point for each instant at which a rule judged a subject, over all its windows. The row that says it worst is kept
-- by its number: of most rows nothing else is needed.
create or replace temp table points as
with
newest as (
    select max(sequence) as sequence
    from evaluations
    inner join ranges using (rule, subject)
    where
        evaluated_at >= derive_from
        and event_date >= (select min(derive_from)::date - 1 from ranges)
    group by rule, subject, severity, window_s, short_window_s, evaluated_at
),

judged as (
    select
        evaluations.*,
        ranges.resolve_after_s,
        if(severity = 'critical', 2, 1) as severity_rank
    from evaluations
    inner join newest using (sequence)
    inner join ranges using (rule, subject)
    where
        outcome <> 'withdrawn'
        and event_date >= (select min(derive_from)::date - 1 from ranges)
),

merged as (
    select
        rule,
        subject,
        evaluated_at,
        bool_or(is_met) as is_met,
        evaluated_at + to_seconds(greatest(
            any_value(resolve_after_s), coalesce(max(short_window_s) filter (is_met), 0)
        )) as stays_until,
        max(severity_rank) filter (is_met) as severity_rank,
        coalesce(bool_and(is_silenced) filter (is_met), false) as is_silenced,
        arg_min(sequence, (-severity_rank, window_s, short_window_s)) filter (is_met) as worst
    from judged
    group by rule, subject, evaluated_at
),

followed as (
    select
        *,
        max(evaluated_at) filter (is_met) over (
            partition by rule, subject order by evaluated_at rows between unbounded preceding and 1 preceding
        ) as met_before_at,
        max(stays_until) filter (is_met) over (
            partition by rule, subject order by evaluated_at rows between unbounded preceding and 1 preceding
        ) as stayed_until,
        coalesce(not is_met and evaluated_at >= stayed_until, false) as is_resolving
    from merged
)

select
    *,
    count_if(is_resolving) over (partition by rule, subject order by evaluated_at) as episode
from followed;

create or replace temp table episodes as
with
met as (
    select
        rule,
        subject,
        max(severity_rank) as severity_rank,
        max(stays_until) as stays_until,
        bool_and(is_silenced) as is_silenced,
        min(evaluated_at) as opened_at,
        max(evaluated_at) as last_met_at,
        arg_min(evaluated_at, (-severity_rank, evaluated_at)) as worst_at,
        arg_min(worst, evaluated_at) as first_sequence,
        arg_min(worst, (-severity_rank, evaluated_at)) as worst_sequence
    from points
    where is_met
    group by rule, subject, episode
),

judged as (
    select * from evaluations
    where event_date >= (select min(derive_from)::date - 1 from ranges)
),

resolutions as (
    select
        rule,
        subject,
        met_before_at as last_met_at,
        min(evaluated_at) as resolved_at
    from points
    where is_resolving
    group by rule, subject, met_before_at
)

select
    row_number() over (order by met.rule, met.subject, opened_at) as episode_id,
    met.rule,
    worst_row.kind,
    met.subject,
    worst_row.service,
    worst_row.feed,
    if(severity_rank = 2, 'critical', 'warning') as severity,
    severity_rank,
    if(resolved_at is null, 'open', 'resolved') as state,
    met.is_silenced,
    opened_at,
    if(worst_at > opened_at, worst_at, null) as escalated_at,
    met.last_met_at,
    resolved_at,
    coalesce(resolved_at, stays_until) as reaches_to,
    first_row.event_at,
    worst_row.window_s,
    worst_row.value,
    worst_row.threshold,
    worst_row.event_count,
    worst_row.inputs,
    first_row.event_date
from met
inner join judged as first_row on met.first_sequence = first_row.sequence
inner join judged as worst_row on met.worst_sequence = worst_row.sequence
left join resolutions
    on met.rule = resolutions.rule
    and met.subject = resolutions.subject
    and met.last_met_at = resolutions.last_met_at;

create or replace temp table before as
select
    alerts.*,
    if(severity = 'critical', 2, 1) as severity_rank
from alerts
inner join ranges using (rule, subject)
where opened_at >= derive_from;

-- Late data change an alert, they do not make a second one: an episode is the alert that it overlaps most, both ways.
create or replace temp table matches as
with
pairs as (
    select
        episodes.episode_id,
        before.alert_id,
        epoch(least(episodes.reaches_to, coalesce(before.resolved_at, episodes.reaches_to)))
        - epoch(greatest(episodes.opened_at, before.opened_at)) as overlap_s,
        before.resolution is not distinct from 'withdrawn' as was_withdrawn
    from episodes
    inner join before
        on
            episodes.rule = before.rule
            and episodes.subject = before.subject
            and episodes.opened_at <= coalesce(before.resolved_at, 'infinity'::timestamp)
            and before.opened_at <= episodes.reaches_to
)

select
    episode_id,
    alert_id
from pairs
qualify
    row_number() over (partition by episode_id order by was_withdrawn, overlap_s desc, alert_id) = 1
    and row_number() over (partition by alert_id order by overlap_s desc, episode_id) = 1;

create or replace temp table fresh as
select
    left(md5(concat_ws('|', rule, subject, opened_at)), 16) as alert_id,
    episodes.*
from episodes
anti join matches using (episode_id);

update alerts
set
    kind = episodes.kind, service = episodes.service, feed = episodes.feed, severity = episodes.severity,
    state = episodes.state, is_silenced = episodes.is_silenced, opened_at = episodes.opened_at,
    escalated_at = episodes.escalated_at, last_met_at = episodes.last_met_at, resolved_at = episodes.resolved_at,
    window_s = episodes.window_s, value = episodes.value, threshold = episodes.threshold,
    event_count = episodes.event_count, inputs = episodes.inputs,
    resolution = if(episodes.state = 'open', null, 'recovered'), event_date = episodes.event_date
from matches inner join episodes using (episode_id)
where alerts.alert_id = matches.alert_id;

update alerts
set state = 'resolved', resolution = 'withdrawn', resolved_at = coalesce(resolved_at, last_met_at)
where
    alert_id in (select alert_id from before)
    and alert_id not in (select alert_id from matches)
    and alert_id not in (select alert_id from fresh)
    and resolution is distinct from 'withdrawn';

delete from alerts where alert_id in (select alert_id from fresh);

insert into alerts by name
select
    * exclude (episode_id, severity_rank, reaches_to),
    false as is_notified,
    $path as path,
    $now as written_at,
    if(state = 'open', null, 'recovered') as resolution
from fresh;
