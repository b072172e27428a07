BEGIN;

SELECT
    figure,
    place,
    title,
    unit,
    made_by,
    objective,
    is_more_better,
    meaning,
    missing
FROM health.business_figures
WHERE false;

ROLLBACK;
