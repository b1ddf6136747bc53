create sequence if not exists evaluation_sequence;
create sequence if not exists event_sequence;
create sequence if not exists notification_sequence;

-- Every judgement of every rule, as it was made; the newest row of a key counts. Never updated, never deleted.
-- `known_at` is when the lake was looked at: who looked earlier does not correct who looked later.
create table if not exists evaluations (
    sequence bigint not null default nextval('evaluation_sequence'),
    rule varchar not null, kind varchar not null, subject varchar not null, service varchar, feed varchar,
    severity varchar not null, window_s integer, short_window_s integer, value double, short_value double,
    threshold double, event_count bigint, is_met boolean not null, is_silenced boolean not null,
    outcome varchar not null, inputs varchar, event_at timestamp, event_date date not null,
    evaluated_at timestamp not null, run_id varchar not null, path varchar not null, known_at timestamp not null,
    written_at timestamp not null
);

create table if not exists alerts (
    alert_id varchar not null, rule varchar not null, kind varchar not null, subject varchar not null, service varchar,
    feed varchar, severity varchar not null, state varchar not null, cascade_id varchar, is_silenced boolean not null,
    is_notified boolean not null, opened_at timestamp not null, escalated_at timestamp, last_met_at timestamp not null,
    resolved_at timestamp, event_at timestamp, landed_at timestamp, written_at timestamp not null,
    notified_at timestamp, path varchar not null, window_s integer, value double, threshold double, event_count bigint,
    inputs varchar, resolution varchar, event_date date not null
);

create table if not exists alert_events (
    sequence bigint not null default nextval('event_sequence'), alert_id varchar not null, event varchar not null,
    severity varchar not null, event_at timestamp, run_id varchar not null, path varchar not null,
    written_at timestamp not null, event_date date not null
);

-- The outbox: a notification is planned in the transaction that changes its alerts (attempt 0), and every attempt to
-- send it is a row before it is made and once it is known what became of it.
create table if not exists notifications (
    sequence bigint not null default nextval('notification_sequence'), notification_id varchar not null,
    cascade_id varchar, target varchar not null, notice varchar not null, severity varchar, attempt integer not null,
    status varchar not null, error varchar, title varchar, body varchar, written_at timestamp not null,
    next_attempt_at timestamp, digest_id varchar, event_date date
);

-- What each digest of errors told, as `kind group`: what is in one is not told again for a week.
create table if not exists digests (as_of date not null, items varchar[] not null, written_at timestamp not null);
