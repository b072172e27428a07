-- The anomaly detector: one residual seen in several ways, each against the highest it has been.
-- Entry points: detect_series (many points of one series), detect (one point); the state is a value.
-- docs/detection/anomalies.md has the formulas and what they reach.
BEGIN;

SET LOCAL ROLE health_owner;

DO $$
BEGIN
    IF to_regtype('health_internal.detector_state') IS NULL THEN
        CREATE TYPE health_internal.detector_state AS (
            numbers double precision [],
            profile real [],
            visits smallint []
        );
        CREATE TYPE health_internal.detection AS (
            state health_internal.detector_state,
            score double precision,
            is_anomaly boolean,
            expected_low double precision,
            expected_high double precision,
            reason text
        );
    END IF;
END;
$$;
COMMENT ON TYPE health_internal.detector_state IS
'What the detector knows of one series, 1.5 kB: 35 numbers, and for 24 hours of the day (UTC) and 168 '
'of the week what the series departs from its level and how often the hour has been seen. NULL: new.';
COMMENT ON TYPE health_internal.detection IS
'What the detector says of one point: the state after it, score 0 to below 1 (0.5 is the bar), whether '
'it is an anomaly, the range in which a single value is none (NULL while the series is being learnt) '
'and why (NULL below the bar).';

CREATE OR REPLACE FUNCTION health_internal.detect_series(
    p_state health_internal.detector_state,
    p_at timestamptz [],
    p_value double precision []
)
RETURNS SETOF health_internal.detection
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    -- Lengths are in points: tried in time they were worse on every set (docs/detection/anomalies.md).
    c_tiny constant double precision := 1e-30;
    s double precision [] := (p_state).numbers;
    profile real [] := (p_state).profile;
    visits smallint [] := (p_state).visits;
    -- Scalars are several times faster than elements of an array.
    n double precision := coalesce(s[1], 0);
    last_at double precision := s[2];
    last_x double precision := s[3];
    ignored double precision := coalesce(s[4], 0);
    size double precision := coalesce(s[5], 0);
    level double precision := s[6];
    recent double precision := s[7];
    bias double precision := coalesce(s[8], 0);
    scale double precision := coalesce(s[9], 0);
    shift double precision := coalesce(s[10], 0);
    turbulence double precision := coalesce(s[11], 0);
    err_1 double precision := coalesce(s[12], 0);
    err_2 double precision := coalesce(s[13], 0);
    err_3 double precision := coalesce(s[14], 0);
    err_4 double precision := coalesce(s[15], 0);
    record double precision [] := coalesce(s[16:19], '{0,0,0,0}');
    mean double precision [] := coalesce(s[20:23], '{0,0,0,0}');
    age double precision [] := coalesce(s[24:27], '{0,0,0,0}');
    held double precision := coalesce(s[28], 0);
    since double precision := coalesce(s[29], 0);
    run double precision := coalesce(s[30], 0);
    longest double precision := coalesce(s[31], 0);
    crept_before double precision := coalesce(s[32], 0);
    crept_now double precision := coalesce(s[33], 0);
    crept_points double precision := coalesce(s[34], 0);
    usual_gap double precision := coalesce(s[35], 0);
    v_count constant integer := coalesce(cardinality(p_at), 0);
    found health_internal.detection;
    t double precision;
    x double precision;
    gap double precision;
    hour integer;
    h integer;
    w integer;
    by_day double precision;
    by_week double precision;
    trust_1 double precision;
    trust_2 double precision;
    trust_3 double precision;
    trust_4 double precision;
    least_err double precision;
    expected double precision;
    unit double precision;
    clip double precision;
    r double precision;
    rl double precision;
    learnt double precision;
    q double precision;
    fresh double precision;
    rate_100 double precision;
    rate_1000 double precision;
    rate_2000 double precision;
    views double precision [] := '{0,0,0,0}';
    v double precision;
    bar double precision;
    floor_x double precision;
    reach double precision;
    strange double precision;
    which integer;
    said double precision;
BEGIN
    IF p_state IS NULL OR profile IS NULL THEN
        profile := array_fill(0::real, ARRAY[192]);
        visits := array_fill(0::smallint, ARRAY[192]);
    END IF;
    FOR i IN 1..v_count LOOP
        t := date_part('epoch', p_at[i]);
        x := p_value[i];
        -- What is no number, or not later than the last point, is counted and changes nothing else.
        IF x IS NULL OR t IS NULL OR x IN ('NaN', 'Infinity', '-Infinity')
            OR t IN ('Infinity', '-Infinity') OR t <= last_at THEN
            ignored := ignored + 1;
            found := ROW(
                NULL, 0, false, NULL, NULL,
                CASE
                    WHEN t <= last_at THEN 'ignored: not later than the value before'
                    ELSE 'ignored: not a finite number at a finite time'
                END
            );
            IF i = v_count THEN
                EXIT;
            END IF;
            RETURN NEXT found;
            CONTINUE;
        END IF;
        x := CASE
            WHEN x > 1e30 THEN 1e30 WHEN x < -1e30 THEN -1e30 WHEN abs(x) < 1e-30 THEN 0 ELSE x
        END;
        IF n = 0 THEN
            size := abs(x);
            level := x;
            recent := x;
        ELSE
            gap := t - last_at;
            -- After days of silence what is short-lived starts anew; what was learnt stays.
            IF gap > 86400 AND gap > 20 * usual_gap THEN
                shift := 0;
                turbulence := 0;
                run := 0;
                since := 0;
                held := 0;
            END IF;
            usual_gap := usual_gap
                + greatest(0.01, 1 / n) * (least(gap, 5 * usual_gap + 86400) - usual_gap);
        END IF;
        fresh := 1 / (n + 1);
        rate_100 := greatest(0.01, fresh);
        rate_1000 := greatest(0.001, fresh);
        rate_2000 := greatest(0.0005, fresh);

        -- 1. What was expected: four experts, trusted by how small their errors have been.
        hour := (floor(t / 3600)::bigint % 168)::integer;
        hour := CASE WHEN hour < 0 THEN hour + 168 ELSE hour END;
        h := hour % 24 + 1;
        w := hour + 25;
        by_day := profile[h] * (visits[h] / (visits[h] + 5.0::double precision));
        q := visits[w] / (visits[w] + 5.0::double precision);
        by_week := q * profile[w] + (1 - q) * by_day;
        least_err := least(err_1, err_2, err_3, err_4) + c_tiny;
        trust_1 := greatest(least_err / (err_1 + c_tiny), 1e-9);
        trust_2 := greatest(least_err / (err_2 + c_tiny), 1e-9);
        trust_3 := greatest(least_err / (err_3 + c_tiny), 1e-9);
        trust_4 := greatest(least_err / (err_4 + c_tiny), 1e-9);
        trust_1 := trust_1 * trust_1 * trust_1 * trust_1;
        trust_2 := trust_2 * trust_2 * trust_2 * trust_2;
        trust_3 := trust_3 * trust_3 * trust_3 * trust_3;
        trust_4 := trust_4 * trust_4 * trust_4 * trust_4;
        expected := (
            trust_1 * level + trust_2 * (level + by_day) + trust_3 * (level + by_week)
            + trust_4 * recent
        ) / (trust_1 + trust_2 + trust_3 + trust_4);

        -- 2. The residual, plain and in logarithms (a collapse counts as much as a surge). One
        -- outlier teaches no more than clip.
        r := x - expected;
        clip := CASE
            WHEN n < 50 OR size <= c_tiny THEN abs(r) ELSE greatest(20 * scale, 0.1 * size)
        END;
        learnt := least(clip, greatest(-clip, r));
        size := size + rate_2000 * (abs(expected + learnt) + c_tiny - size);
        unit := 0.2 * size + c_tiny;
        rl := CASE WHEN x < 0 THEN -ln(1 - x / unit) ELSE ln(1 + x / unit) END
            - CASE
                WHEN expected < 0 THEN -ln(1 - expected / unit) ELSE ln(1 + expected / unit)
            END
            - bias;
        err_1 := err_1 + rate_1000 * (least(abs(x - level), 20 * err_1 + clip) + c_tiny - err_1);
        err_2 := err_2
            + rate_1000 * (least(abs(x - level - by_day), 20 * err_2 + clip) + c_tiny - err_2);
        err_3 := err_3
            + rate_1000 * (least(abs(x - level - by_week), 20 * err_3 + clip) + c_tiny - err_3);
        err_4 := err_4 + rate_1000 * (least(abs(x - recent), 20 * err_4 + clip) + c_tiny - err_4);
        q := expected + learnt - level;
        visits[h] := least(visits[h] + 1, 100);
        by_day := profile[h] + (q - profile[h]) / visits[h];
        profile[h] := CASE WHEN abs(by_day) < c_tiny THEN 0 ELSE by_day END;
        visits[w] := least(visits[w] + 1, 20);
        by_week := profile[w] + (q - profile[w]) / visits[w];
        profile[w] := CASE WHEN abs(by_week) < c_tiny THEN 0 ELSE by_week END;
        level := level + rate_1000 * (q + c_tiny);
        recent := recent + rate_100 * (expected + learnt + c_tiny - recent);
        bias := bias + rate_1000 * rl;
        scale := scale + rate_2000 * (abs(learnt) + c_tiny - scale);

        -- 3. Four views of it: now, now as a ratio, its lasting sign, its lasting size.
        shift := shift + greatest(0.125, fresh) * (rl + c_tiny - shift);
        turbulence := turbulence
            + greatest(0.1, fresh) * (least(abs(r), 10 * scale) + c_tiny - turbulence);
        views[1] := abs(r);
        views[2] := abs(rl);
        views[3] := abs(shift);
        views[4] := turbulence;

        -- 4. Each against its own record, which fades when nothing comes near it for long.
        strange := 0;
        which := 1;
        floor_x := 0.0005 * size + c_tiny;
        FOR k IN 1..4 LOOP
            v := views[k];
            bar := (
                record[k] + 0.17 * mean[k] + CASE WHEN k IN (2, 3) THEN 0.0005 ELSE floor_x END
            );
            IF k = 1 THEN
                reach := bar;
            END IF;
            IF v > strange * bar AND n >= 150 THEN
                strange := v / bar;
                which := k;
            END IF;
            IF n >= 100 THEN
                IF v > record[k] THEN
                    record[k] := greatest(
                        record[k], least(1.08 * v, greatest(5 * bar, 30 * mean[k]))
                    );
                    age[k] := 0;
                ELSIF v > 0.7 * record[k] THEN
                    age[k] := 0;
                ELSE
                    age[k] := age[k] + 1;
                    IF age[k] > 500 THEN
                        record[k] := record[k] - 0.0002 * (record[k] - c_tiny);
                    END IF;
                END IF;
            END IF;
            mean[k] := mean[k] + rate_2000 * (least(v, 30 * mean[k] + bar) + c_tiny - mean[k]);
        END LOOP;

        -- 5. Stuck: far longer the same than ever before, in a series that moves. Said once.
        IF x = last_x THEN
            run := run + 1;
            IF n >= 150 AND run = greatest(30, 3 * longest) AND scale > 2 * floor_x
                AND strange < 1.02 THEN
                strange := 1.02;
                which := 5;
            END IF;
        ELSE
            longest := greatest(longest, run);
            run := 0;
        END IF;

        -- 6. Creeping: further from the slow level than in all blocks of 500 points before.
        v := abs(recent - level);
        crept_now := greatest(crept_now, v);
        IF n >= 1500 AND v > 2 * crept_before + 2 * scale AND strange < 1.02 THEN
            strange := 1.02;
            which := 6;
            crept_before := v;
        END IF;
        crept_points := crept_points + 1;
        IF crept_points >= 500 THEN
            crept_before := greatest(0.95 * crept_before, crept_now);
            crept_now := c_tiny;
            crept_points := 0;
        END IF;

        -- 7. Within 80 points of something strange only what is stranger is said.
        since := since + 1;
        said := 0;
        IF strange > held OR since > 80 THEN
            said := CASE WHEN strange < 1e-6 THEN 0 ELSE least(strange, 1000) END;
            held := 0;
            IF strange > 0.9 THEN
                held := strange;
                since := 0;
            END IF;
        END IF;
        n := n + 1;
        last_at := t;
        last_x := x;
        found.score := said * said * said * said / (1 + said * said * said * said);
        found.is_anomaly := found.score >= 0.5;
        IF n > 150 THEN
            found.expected_low := expected - reach;
            found.expected_high := expected + reach;
        END IF;
        found.reason := CASE
            WHEN NOT found.is_anomaly THEN NULL
            WHEN which = 1 AND r > 0 THEN 'value above the expected range'
            WHEN which = 1 THEN 'value below the expected range'
            WHEN which = 2 AND rl > 0 THEN 'value many times what was expected'
            WHEN which = 2 THEN 'value a small part of what was expected'
            WHEN which = 3 AND shift > 0 THEN 'level has moved up'
            WHEN which = 3 THEN 'level has moved down'
            WHEN which = 4 THEN 'more turbulent than usual'
            WHEN which = 5 THEN 'value is stuck'
            WHEN recent > level THEN 'level creeps up'
            ELSE 'level creeps down'
        END;
        IF i < v_count THEN
            found.state := NULL;
            RETURN NEXT found;
        END IF;
    END LOOP;
    IF v_count > 0 THEN
        found.state := ROW(
            ARRAY[
                n, last_at, last_x, ignored, size, level, recent, bias, scale, shift, turbulence,
                err_1, err_2, err_3, err_4
            ] || record || mean || age || ARRAY[
                held, since, run, longest, crept_before, crept_now, crept_points, usual_gap
            ],
            profile,
            visits
        );
        RETURN NEXT found;
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.detect_series(
    health_internal.detector_state, timestamptz [], double precision []
) IS
'Steps one series through its points, oldest first: one detection per point, the last one with the '
'state after it (the others'' state is NULL). The same as detect point by point. Constant work per '
'point. A point that is not finite or not later than the one before is counted and changes nothing '
'else; magnitudes beyond 1e30 count as 1e30. Raises nothing.';

CREATE OR REPLACE FUNCTION health_internal.detect(
    p_state health_internal.detector_state,
    p_at timestamptz,
    p_value double precision
)
RETURNS health_internal.detection
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT one
    FROM health_internal.detect_series(p_state, ARRAY[p_at], ARRAY[p_value]) AS one
);
COMMENT ON FUNCTION health_internal.detect(
    health_internal.detector_state, timestamptz, double precision
) IS
'One step of the detector: state before (NULL: a new series), time, value; the state after and what is '
'to be said of the point. Raises nothing.';

COMMIT;
