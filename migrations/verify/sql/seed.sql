BEGIN;

DO $$
BEGIN
    ASSERT EXISTS (SELECT FROM health.policies WHERE policies.policy_class = 'standard'),
        'the standard policy is missing';
    ASSERT EXISTS (SELECT FROM health.alert_rules WHERE alert_rules.is_builtin),
        'the built-in rules are missing';
END;
$$;

ROLLBACK;
