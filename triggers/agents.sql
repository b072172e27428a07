-- agents: changes travel to the ticker as rows, so that no lock of an agent can hold it up.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_agents__check_policy_class()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.policies WHERE policies.policy_class = NEW.policy_class
    ) THEN
        RAISE EXCEPTION 'there is no policy of class "%"', NEW.policy_class
            USING ERRCODE = 'AG004',
                HINT = 'SELECT policy_class FROM health.current_policies lists them; '
                    'health.set_policy makes one.';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agents__check_policy_class() IS
'Raises AG004 for an agent of a class without a policy.';

CREATE OR REPLACE TRIGGER _100_check_policy_class
BEFORE INSERT OR UPDATE OF policy_class ON health.agents
FOR EACH ROW
WHEN (new.policy_class <> 'standard')
EXECUTE FUNCTION health_internal.tg_agents__check_policy_class();

CREATE OR REPLACE FUNCTION health_internal.tg_agents__check_schedule()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_is_zone boolean := NEW.time_zone = 'UTC';
BEGIN
    PERFORM health_internal.parse_schedule(NEW.schedule);
    -- A name such as Europe/Paris can be nothing but one of the time zones; of others, such as EST or
    -- Etc/GMT+5, much is understood that is none, and the list of all takes a tenth of a second.
    IF NEW.time_zone ~ '^[A-Za-z_]+(/[A-Za-z_]+(-[A-Za-z_]+)*)+$' THEN
        BEGIN
            v_is_zone := (now() AT TIME ZONE NEW.time_zone) IS NOT NULL;
        EXCEPTION
            WHEN invalid_parameter_value THEN
                v_is_zone := false;
        END;
    ELSIF NOT v_is_zone THEN
        v_is_zone := EXISTS (
            SELECT FROM pg_timezone_names AS zones WHERE zones.name = NEW.time_zone
        );
    END IF;
    IF NOT v_is_zone THEN
        RAISE EXCEPTION 'there is no time zone "%"', NEW.time_zone
            USING ERRCODE = 'JB002',
                HINT = 'SELECT name FROM pg_timezone_names lists them; Europe/Paris is one.';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agents__check_schedule() IS
'Raises JB001 (from parse_schedule) for a schedule that is not understood, JB002 for a time zone the '
'server does not know.';

CREATE OR REPLACE TRIGGER _100_check_schedule
BEFORE INSERT OR UPDATE OF schedule, time_zone ON health.agents
FOR EACH ROW
WHEN (new.schedule IS NOT NULL)
EXECUTE FUNCTION health_internal.tg_agents__check_schedule();

CREATE OR REPLACE FUNCTION health_internal.tg_agents__tell_change()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO health_internal.agent_changes (agent_id) VALUES (coalesce(NEW.agent_id, OLD.agent_id));
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agents__tell_change() IS
'Notes that the tick must look at an agent''s configuration, or that it is gone.';

CREATE OR REPLACE TRIGGER _500_tell_new
AFTER INSERT ON health.agents
FOR EACH ROW
EXECUTE FUNCTION health_internal.tg_agents__tell_change();

CREATE OR REPLACE TRIGGER _500_tell_change
AFTER UPDATE ON health.agents
FOR EACH ROW
WHEN (
    (
        old.policy_class, old.expected_interval, old.grace, old.latency_slo_ms,
        old.throughput_slo_per_minute, old.schedule, old.time_zone, old.max_run_time
    ) IS DISTINCT FROM (
        new.policy_class, new.expected_interval, new.grace, new.latency_slo_ms,
        new.throughput_slo_per_minute, new.schedule, new.time_zone, new.max_run_time
    )
)
EXECUTE FUNCTION health_internal.tg_agents__tell_change();

CREATE OR REPLACE FUNCTION health_internal.tg_agents__keep_terms()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO health.business_terms AS terms (
        agent_id, valid_from, revenue_usd_per_hour, manual_recovery_minutes,
        manual_recovery_cost_usd
    )
    VALUES (
        NEW.agent_id,
        -- What is known first held before, too.
        CASE
            WHEN EXISTS (SELECT FROM health.business_terms WHERE business_terms.agent_id = NEW.agent_id)
                THEN clock_timestamp()
            ELSE '-infinity'
        END,
        NEW.revenue_usd_per_hour, NEW.manual_recovery_minutes, NEW.manual_recovery_cost_usd
    )
    ON CONFLICT (agent_id, valid_from) DO NOTHING;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agents__keep_terms() IS
'Keeps what an agent earns and costs from now on in business_terms.';

CREATE OR REPLACE TRIGGER _500_keep_terms
AFTER INSERT ON health.agents
FOR EACH ROW
WHEN (
    new.revenue_usd_per_hour > 0 OR new.manual_recovery_minutes IS NOT NULL
    OR new.manual_recovery_cost_usd IS NOT NULL
)
EXECUTE FUNCTION health_internal.tg_agents__keep_terms();

CREATE OR REPLACE TRIGGER _500_keep_new_terms
AFTER UPDATE ON health.agents
FOR EACH ROW
WHEN (
    (old.revenue_usd_per_hour, old.manual_recovery_minutes, old.manual_recovery_cost_usd)
    IS DISTINCT FROM
    (new.revenue_usd_per_hour, new.manual_recovery_minutes, new.manual_recovery_cost_usd)
)
EXECUTE FUNCTION health_internal.tg_agents__keep_terms();

CREATE OR REPLACE TRIGGER _500_tell_removal
AFTER DELETE ON health.agents
FOR EACH ROW
EXECUTE FUNCTION health_internal.tg_agents__tell_change();

COMMIT;
