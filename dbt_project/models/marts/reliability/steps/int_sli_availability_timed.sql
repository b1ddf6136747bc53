{{ config(tags=['fast']) }}

-- In microseconds, cut into the slices of each objective and at the ends of what is excluded.
with
layers as (select * from {{ ref('int_sli_states_layered') }}),

sliced as (
    select
        *,
        unnest(range(
            {{ sli_slice('started_at', 'slice_s') }}, ended_at, to_seconds(slice_s)
        )) as slice_starts_at
    from layers
),

pieces as (
    select
        objective,
        slice_starts_at,
        event_date,
        state,
        reason,
        epoch_us(greatest(started_at, slice_starts_at)) as start_us,
        epoch_us(least(ended_at, slice_starts_at + to_seconds(slice_s))) as end_us
    from sliced
),

spent as (
    select
        objective,
        slice_starts_at,
        event_date,
        state,
        max(reason) as reason,
        sum(end_us - start_us) as whole_us
    from pieces
    group by objective, slice_starts_at, event_date, state
),

cut_out as (
    select
        pieces.objective,
        pieces.slice_starts_at,
        pieces.state,
        sum(greatest(
            0, least(pieces.end_us, cut.end_us) - greatest(pieces.start_us, cut.start_us)
        )) as cut_us
    from pieces
    inner join pieces as cut using (objective, slice_starts_at)
    where cut.state = 'excluded' and pieces.state <> 'excluded'
    group by pieces.objective, pieces.slice_starts_at, pieces.state
),

final as (
    select
        spent.objective,
        max(spent.reason) as reason,
        {%- for state in ('up', 'degraded', 'down', 'maintenance', 'any', 'excluded') %}
            coalesce(
                sum(spent.whole_us - coalesce(cut_out.cut_us, 0)) filter (spent.state = '{{ state }}'), 0
            )::bigint as {{ state }}_us,
        {%- endfor %}
        spent.event_date,
        spent.slice_starts_at
    from spent
    left join cut_out using (objective, slice_starts_at, state)
    group by spent.objective, spent.event_date, spent.slice_starts_at
)

select * from final
