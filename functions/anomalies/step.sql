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
            visits smallint [],
            seen bit (256)
        );
        CREATE TYPE health_internal.detection AS (
            state health_internal.detector_state,
            score double precision,
            is_anomaly boolean,
            expected_low double precision,
            expected_high double precision,
            reason text,
            surprise double precision
        );
    END IF;
END;
$$;
COMMENT ON TYPE health_internal.detector_state IS
'What the detector knows of one series, 1.6 kB: 37 numbers; for 24 hours of the day (UTC) and 168 of the '
'week what the series departs from its level and how often the hour has been seen; which values were seen, '
'a bit for each 8 % further from where the series began. NULL: new.';
COMMENT ON TYPE health_internal.detection IS
'What the detector says of one point: the state after it, score 0 to below 1 (0.5 is the bar), whether '
'it is an anomaly, the range in which a single value is none (NULL while the series is being learnt), why '
'(NULL below the bar), and surprise, what the point adds to its agent''s: |residual| in mean residuals (at '
'most 50) times |residual| in half widths of the range (at most 3); NULL while learning.';

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
    c_tiny constant double precision := 1e-30::double precision;
    v_s double precision [] := (p_state).numbers;
    v_profile real [] := (p_state).profile;
    v_visits smallint [] := (p_state).visits;
    -- Scalars are several times faster than elements of an array.
    v_n double precision := coalesce(v_s[1], 0);
    v_last_at double precision := v_s[2];
    v_last_x double precision := v_s[3];
    v_ignored double precision := coalesce(v_s[4], 0);
    v_size double precision := coalesce(v_s[5], 0);
    v_level double precision := v_s[6];
    v_recent double precision := v_s[7];
    v_bias double precision := coalesce(v_s[8], 0);
    v_scale double precision := coalesce(v_s[9], 0);
    v_shift double precision := coalesce(v_s[10], 0);
    v_turbulence double precision := coalesce(v_s[11], 0);
    v_err_1 double precision := coalesce(v_s[12], 0);
    v_err_2 double precision := coalesce(v_s[13], 0);
    v_err_3 double precision := coalesce(v_s[14], 0);
    v_err_4 double precision := coalesce(v_s[15], 0);
    v_record double precision [] := coalesce(v_s[16:19], '{0,0,0,0}');
    v_mean double precision [] := coalesce(v_s[20:23], '{0,0,0,0}');
    v_age double precision [] := coalesce(v_s[24:27], '{0,0,0,0}');
    v_held double precision := coalesce(v_s[28], 0);
    v_since double precision := coalesce(v_s[29], 0);
    v_run double precision := coalesce(v_s[30], 0);
    v_longest double precision := coalesce(v_s[31], 0);
    v_crept_before double precision := coalesce(v_s[32], 0);
    v_crept_now double precision := coalesce(v_s[33], 0);
    v_crept_points double precision := coalesce(v_s[34], 0);
    v_usual_gap double precision := coalesce(v_s[35], 0);
    v_home double precision := coalesce(v_s[36], 0);
    v_home_unit double precision := coalesce(v_s[37], 0);
    v_seen bit (256) := coalesce((p_state).seen, 0::bit (256));
    v_bin integer;
    v_count constant integer := coalesce(cardinality(p_at), 0);
    v_found health_internal.detection;
    v_t double precision;
    v_x double precision;
    v_gap double precision;
    v_hour integer;
    v_h integer;
    v_w integer;
    v_by_day double precision;
    v_by_week double precision;
    v_trust_1 double precision;
    v_trust_2 double precision;
    v_trust_3 double precision;
    v_trust_4 double precision;
    v_least_err double precision;
    v_expected double precision;
    v_unit double precision;
    v_clip double precision;
    v_r double precision;
    v_rl double precision;
    v_learnt double precision;
    v_q double precision;
    v_fresh double precision;
    v_rate_100 double precision;
    v_rate_1000 double precision;
    v_rate_2000 double precision;
    v_views double precision [] := '{0,0,0,0}'::double precision [];
    v_v double precision;
    v_bar double precision;
    v_floor_x double precision;
    v_reach double precision;
    v_strange double precision;
    v_which integer;
    v_said double precision;
BEGIN
    IF p_state IS NULL OR v_profile IS NULL THEN
        v_profile := array_fill(0::real, ARRAY[192])::real [];
        v_visits := array_fill(0::smallint, ARRAY[192])::smallint [];
    END IF;
    FOR v_i IN 1..v_count LOOP
        v_t := date_part('epoch', p_at[v_i]);
        v_x := p_value[v_i];
        -- What is no number, or not later than the last point, is counted and changes nothing else.
        IF v_x IS NULL OR v_t IS NULL OR v_x IN ('NaN', 'Infinity', '-Infinity')
            OR v_t IN ('Infinity', '-Infinity') OR v_t <= v_last_at THEN
            v_ignored := v_ignored + 1;
            v_found.state := NULL;
            v_found.score := 0;
            v_found.is_anomaly := false;
            v_found.expected_low := NULL;
            v_found.expected_high := NULL;
            v_found.surprise := NULL;
            v_found.reason := CASE
                WHEN v_t <= v_last_at THEN 'ignored: not later than the value before'
                ELSE 'ignored: not a finite number at a finite time'
            END;
            IF v_i = v_count THEN
                EXIT;
            END IF;
            RETURN NEXT v_found;
            CONTINUE;
        END IF;
        v_x := CASE
            WHEN v_x > 1e30 THEN 1e30
            WHEN v_x < -1e30 THEN -1e30
            WHEN abs(v_x) < 1e-30 THEN 0
            ELSE v_x
        END;
        IF v_n = 0 THEN
            v_size := abs(v_x);
            v_level := v_x;
            v_recent := v_x;
        ELSE
            v_gap := v_t - v_last_at;
            -- After days of silence what is short-lived starts anew; what was learnt stays.
            IF v_gap > 86400 AND v_gap > 20 * v_usual_gap THEN
                v_shift := 0;
                v_turbulence := 0;
                v_run := 0;
                v_since := 0;
                v_held := 0;
            END IF;
            v_usual_gap := v_usual_gap
                + greatest(0.01, 1 / v_n) * (least(v_gap, 5 * v_usual_gap + 86400) - v_usual_gap);
        END IF;
        v_fresh := 1 / (v_n + 1);
        v_rate_100 := greatest(0.01, v_fresh);
        v_rate_1000 := greatest(0.001, v_fresh);
        v_rate_2000 := greatest(0.0005, v_fresh);

        -- 1. What was expected: four experts, trusted by how small their errors have been.
        v_hour := (floor(v_t / 3600)::bigint % 168)::integer;
        v_hour := CASE WHEN v_hour < 0 THEN v_hour + 168 ELSE v_hour END;
        v_h := v_hour % 24 + 1;
        v_w := v_hour + 25;
        v_by_day := v_profile[v_h] * (v_visits[v_h] / (v_visits[v_h] + 5.0::double precision));
        v_q := v_visits[v_w] / (v_visits[v_w] + 5.0::double precision);
        v_by_week := v_q * v_profile[v_w] + (1 - v_q) * v_by_day;
        v_least_err := least(v_err_1, v_err_2, v_err_3, v_err_4) + c_tiny;
        v_trust_1 := greatest(v_least_err / (v_err_1 + c_tiny), 1e-9);
        v_trust_2 := greatest(v_least_err / (v_err_2 + c_tiny), 1e-9);
        v_trust_3 := greatest(v_least_err / (v_err_3 + c_tiny), 1e-9);
        v_trust_4 := greatest(v_least_err / (v_err_4 + c_tiny), 1e-9);
        v_trust_1 := v_trust_1 * v_trust_1 * v_trust_1 * v_trust_1;
        v_trust_2 := v_trust_2 * v_trust_2 * v_trust_2 * v_trust_2;
        v_trust_3 := v_trust_3 * v_trust_3 * v_trust_3 * v_trust_3;
        v_trust_4 := v_trust_4 * v_trust_4 * v_trust_4 * v_trust_4;
        v_expected := (
            v_trust_1 * v_level + v_trust_2 * (v_level + v_by_day) + v_trust_3 * (v_level + v_by_week)
            + v_trust_4 * v_recent
        ) / (v_trust_1 + v_trust_2 + v_trust_3 + v_trust_4);

        -- 2. The residual, plain and in logarithms (a collapse counts as much as a surge). One
        -- outlier teaches no more than clip.
        v_r := v_x - v_expected;
        v_clip := CASE
            WHEN v_n < 50 OR v_size <= c_tiny THEN abs(v_r) ELSE greatest(20 * v_scale, 0.1 * v_size)
        END;
        v_learnt := least(v_clip, greatest(-v_clip, v_r));
        v_size := v_size + v_rate_2000 * (abs(v_expected + v_learnt) + c_tiny - v_size);
        v_unit := 0.2 * v_size + c_tiny;
        v_rl := CASE WHEN v_x < 0 THEN -ln(1 - v_x / v_unit) ELSE ln(1 + v_x / v_unit) END
            - CASE
                WHEN v_expected < 0 THEN -ln(1 - v_expected / v_unit) ELSE ln(1 + v_expected / v_unit)
            END
            - v_bias;
        v_err_1 := v_err_1 + v_rate_1000 * (
            least(abs(v_x - v_level), 20 * v_err_1 + v_clip) + c_tiny - v_err_1
        );
        v_err_2 := v_err_2 + v_rate_1000 * (
            least(abs(v_x - v_level - v_by_day), 20 * v_err_2 + v_clip) + c_tiny - v_err_2
        );
        v_err_3 := v_err_3 + v_rate_1000 * (
            least(abs(v_x - v_level - v_by_week), 20 * v_err_3 + v_clip) + c_tiny - v_err_3
        );
        v_err_4 := v_err_4 + v_rate_1000 * (
            least(abs(v_x - v_recent), 20 * v_err_4 + v_clip) + c_tiny - v_err_4
        );
        v_q := v_expected + v_learnt - v_level;
        v_visits[v_h] := least(v_visits[v_h] + 1, 100);
        v_by_day := v_profile[v_h] + (v_q - v_profile[v_h]) / v_visits[v_h];
        v_profile[v_h] := CASE WHEN abs(v_by_day) < c_tiny THEN 0 ELSE v_by_day END;
        v_visits[v_w] := least(v_visits[v_w] + 1, 20);
        v_by_week := v_profile[v_w] + (v_q - v_profile[v_w]) / v_visits[v_w];
        v_profile[v_w] := CASE WHEN abs(v_by_week) < c_tiny THEN 0 ELSE v_by_week END;
        v_level := v_level + v_rate_1000 * (v_q + c_tiny);
        v_recent := v_recent + v_rate_100 * (v_expected + v_learnt + c_tiny - v_recent);
        v_bias := v_bias + v_rate_1000 * v_rl;
        v_scale := v_scale + v_rate_2000 * (abs(v_learnt) + c_tiny - v_scale);

        -- 3. Four views of it: now, now as a ratio, its lasting sign, its lasting size.
        v_shift := v_shift + greatest(0.125, v_fresh) * (v_rl + c_tiny - v_shift);
        v_turbulence := v_turbulence
            + greatest(0.1, v_fresh) * (least(abs(v_r), 10 * v_scale) + c_tiny - v_turbulence);
        v_views[1] := abs(v_r);
        v_views[2] := abs(v_rl);
        v_views[3] := abs(v_shift);
        v_views[4] := v_turbulence;

        -- 4. Each against its own record, which fades when nothing comes near it for long.
        v_strange := 0;
        v_which := 1;
        v_floor_x := 0.0005 * v_size + c_tiny;
        FOR v_k IN 1..4 LOOP
            v_v := v_views[v_k];
            v_bar := (
                v_record[v_k] + 0.17 * v_mean[v_k]
                + CASE WHEN v_k IN (2, 3) THEN 0.0005 ELSE v_floor_x END
            );
            IF v_k = 1 THEN
                v_reach := v_bar;
            END IF;
            IF v_v > v_strange * v_bar AND v_n >= 150 THEN
                v_strange := v_v / v_bar;
                v_which := v_k;
            END IF;
            IF v_n >= 100 THEN
                IF v_v > v_record[v_k] THEN
                    v_record[v_k] := greatest(
                        v_record[v_k], least(1.08 * v_v, greatest(5 * v_bar, 30 * v_mean[v_k]))
                    );
                    v_age[v_k] := 0;
                ELSIF v_v > 0.7 * v_record[v_k] THEN
                    v_age[v_k] := 0;
                ELSE
                    v_age[v_k] := v_age[v_k] + 1;
                    IF v_age[v_k] > 500 THEN
                        -- What was a surprise only because the season was not known yet goes soon.
                        v_record[v_k] := v_record[v_k]
                            - greatest(0.000125, 0.6 / v_n) * (v_record[v_k] - c_tiny);
                    END IF;
                END IF;
            END IF;
            v_mean[v_k] := v_mean[v_k] + v_rate_2000 * (
                least(v_v, 30 * v_mean[v_k] + v_bar) + c_tiny - v_mean[v_k]
            );
        END LOOP;

        -- 5. Stuck: far longer the same than ever before, in a series that moves. Said once.
        IF v_x = v_last_x THEN
            v_run := v_run + 1;
            IF v_n >= 150 AND v_run = greatest(30, 3 * v_longest) AND v_scale > 2 * v_floor_x
                AND v_strange < 1.02 THEN
                v_strange := 1.02;
                v_which := 5;
            END IF;
        ELSE
            v_longest := greatest(v_longest, v_run);
            v_run := 0;
        END IF;

        -- 6. Creeping: further from the slow level than in all blocks of 500 points before.
        v_v := abs(v_recent - v_level);
        v_crept_now := greatest(v_crept_now, v_v);
        IF v_n >= 1500 AND v_v > 2 * v_crept_before + 2 * v_scale AND v_strange < 1.02 THEN
            v_strange := 1.02;
            v_which := 6;
            v_crept_before := v_v;
        END IF;
        v_crept_points := v_crept_points + 1;
        IF v_crept_points >= 500 THEN
            v_crept_before := greatest(0.95 * v_crept_before, v_crept_now);
            v_crept_now := c_tiny;
            v_crept_points := 0;
        END IF;

        -- 7. Never seen: a value with none like it, near or between those there were, and a surprise.
        IF v_n >= 100 THEN
            IF v_n = 100 THEN
                v_home := v_level;
                v_home_unit := 3 * v_scale + v_floor_x;
            END IF;
            v_q := (v_x - v_home) / v_home_unit;
            v_bin := 128 + greatest(-126, least(126, floor(
                12.5 * CASE WHEN v_q < 0 THEN -ln(1 - v_q) ELSE ln(1 + v_q) END
            )))::integer;
            IF get_bit(v_seen, v_bin) = 0 THEN
                IF substring(v_seen FROM v_bin FOR 3) = B'000' AND v_n >= 150
                    AND abs(v_r) > 5 * v_scale AND v_strange < 1.02 THEN
                    v_strange := 1.02;
                    v_which := 7;
                END IF;
                v_seen := set_bit(v_seen, v_bin, 1);
            END IF;
        END IF;

        -- 8. Within 100 points of something strange only what is stranger is said.
        v_since := v_since + 1;
        v_said := 0;
        IF v_strange > v_held OR v_since > 100 THEN
            v_said := CASE WHEN v_strange < 1e-6 THEN 0 ELSE least(v_strange, 1000) END;
            v_held := 0;
            IF v_strange > 0.9 THEN
                v_held := v_strange;
                v_since := 0;
            END IF;
        END IF;
        v_n := v_n + 1;
        v_last_at := v_t;
        v_last_x := v_x;
        v_found.score := v_said * v_said * v_said * v_said / (1 + v_said * v_said * v_said * v_said);
        v_found.is_anomaly := v_found.score >= 0.5;
        v_found.expected_low := NULL;
        v_found.expected_high := NULL;
        v_found.surprise := NULL;
        IF v_n > 150 THEN
            v_found.surprise := least(50, abs(v_r) / (v_scale + v_floor_x))
                * least(3, abs(v_r) / v_reach);
            v_found.expected_low := v_expected - v_reach;
            v_found.expected_high := v_expected + v_reach;
        END IF;
        v_found.reason := CASE
            WHEN NOT v_found.is_anomaly THEN NULL
            WHEN v_which = 1 AND v_r > 0 THEN 'value above the expected range'
            WHEN v_which = 1 THEN 'value below the expected range'
            WHEN v_which = 2 AND v_rl > 0 THEN 'value many times what was expected'
            WHEN v_which = 2 THEN 'value a small part of what was expected'
            WHEN v_which = 3 AND v_shift > 0 THEN 'level has moved up'
            WHEN v_which = 3 THEN 'level has moved down'
            WHEN v_which = 4 THEN 'more turbulent than usual'
            WHEN v_which = 5 THEN 'value is stuck'
            WHEN v_which = 7 THEN 'no value like it was seen before'
            WHEN v_recent > v_level THEN 'level creeps up'
            ELSE 'level creeps down'
        END;
        IF v_i < v_count THEN
            v_found.state := NULL;
            RETURN NEXT v_found;
        END IF;
    END LOOP;
    IF v_count > 0 THEN
        v_found.state := ROW(
            ARRAY[
                v_n, v_last_at, v_last_x, v_ignored, v_size, v_level, v_recent, v_bias, v_scale,
                v_shift, v_turbulence, v_err_1, v_err_2, v_err_3, v_err_4
            ] || v_record || v_mean || v_age || ARRAY[
                v_held, v_since, v_run, v_longest, v_crept_before, v_crept_now, v_crept_points,
                v_usual_gap, v_home, v_home_unit
            ],
            v_profile,
            v_visits,
            v_seen
        )::health_internal.detector_state;
        RETURN NEXT v_found;
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
