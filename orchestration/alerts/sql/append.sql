-- `incoming` holds judgements as the rules make them now; `scope` the days that it holds in full, and of which feeds
-- (NULL: of all). What is new or different becomes a row; what is no longer judged is withdrawn.
-- Who judges some feeds only does not know that health is good while a burn rate of another feed says that it is not.
delete from incoming
where
    kind = 'health_critical'
    and not is_met
    and (select count(feed) from scope) > 0
    and exists (
        select 1 from alerts
        where
            alerts.state = 'open'
            and alerts.kind = 'burn_rate'
            and alerts.feed not in (select feed from scope)
            and (incoming.service is null or alerts.service = incoming.service)
    );

create or replace temp table newest as
select *
from evaluations
where event_date in (select event_date from scope)
qualify row_number() over (
    partition by rule, subject, severity, window_s, short_window_s, evaluated_at order by sequence desc
) = 1;

create or replace temp table changed as
select incoming.*
from incoming
anti join newest
    on incoming.rule = newest.rule
    and incoming.subject = newest.subject
    and incoming.severity = newest.severity
    and incoming.window_s is not distinct from newest.window_s
    and incoming.short_window_s is not distinct from newest.short_window_s
    and incoming.evaluated_at = newest.evaluated_at
    and (
        newest.known_at > $known_at
        or incoming.kind = newest.kind
        and incoming.service is not distinct from newest.service
        and incoming.value is not distinct from newest.value
        and incoming.short_value is not distinct from newest.short_value
        and incoming.threshold is not distinct from newest.threshold
        and incoming.event_count is not distinct from newest.event_count
        and incoming.is_silenced = newest.is_silenced
        and incoming.outcome = newest.outcome
        and incoming.inputs is not distinct from newest.inputs
        and incoming.event_at is not distinct from newest.event_at
    )
union all by name
select newest.* exclude (sequence, run_id, path, known_at, written_at)
    replace (false as is_met, 'withdrawn' as outcome)
from newest
inner join scope
    on newest.event_date = scope.event_date and (scope.feed is null or newest.feed = scope.feed)
anti join incoming
    on incoming.rule = newest.rule
    and incoming.subject = newest.subject
    and incoming.severity = newest.severity
    and incoming.window_s is not distinct from newest.window_s
    and incoming.short_window_s is not distinct from newest.short_window_s
    and incoming.evaluated_at = newest.evaluated_at
where
    newest.outcome <> 'withdrawn'
    and newest.known_at <= $known_at
    and not (scope.feed is not null and newest.kind = 'health_critical');

insert into evaluations by name
select *, $run_id as run_id, $path as path, $known_at as known_at, $now as written_at
from changed
order by event_date, evaluated_at, rule, subject, severity, window_s, short_window_s;
