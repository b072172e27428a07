BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.tg_act_causes__note()'::regprocedure;
    PERFORM 'health_internal.tg_alerts__note_update()'::regprocedure;
    ASSERT NOT EXISTS (
        SELECT FROM (
            VALUES
                ('health.agent_status', '_500_note_new_conditions'),
                ('health.agent_status', '_500_note_removal'),
                ('health.alerts', '_500_note_change'),
                ('health.alerts', '_500_note_update'),
                ('health.rule_findings', '_500_note_change'),
                ('health.rule_findings', '_500_note_severity'),
                ('health.alert_rules', '_500_note_change'),
                ('health.policies', '_500_note_change'),
                ('health.recovery_strategies', '_500_note_change'),
                ('health.agents', '_500_note_earning'),
                ('health.agents', '_500_note_revenue'),
                ('health.recovery_actions', '_500_note_change'),
                ('health.recovery_actions', '_500_note_state'),
                ('health.stuck_sessions', '_500_note_change')
        ) AS wanted (table_name, trigger_name)
        WHERE NOT EXISTS (
            SELECT FROM pg_catalog.pg_trigger
            WHERE pg_trigger.tgname = wanted.trigger_name
                AND pg_trigger.tgrelid = wanted.table_name::regclass
        )
    ), 'a trigger that notes what the act compares is missing';
END;
$$;

ROLLBACK;
