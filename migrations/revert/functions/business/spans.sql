BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.service_spans(timestamptz, timestamptz, text []);
DROP FUNCTION health_internal.service_transitions(timestamptz, timestamptz, text []);
DROP FUNCTION health_internal.is_business_agent(text);
DROP FUNCTION health_internal.check_period(timestamptz, timestamptz, timestamptz);

COMMIT;
