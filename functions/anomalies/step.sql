-- The anomaly detector: one residual seen in several ways, each against the highest it has been.
-- Entry points: detect_series (many points of one series), detect (one point); the state is a value.
-- docs/detection/anomalies.md has the formulas and what they reach; the parts are in step_parts.sql.
BEGIN;

SET LOCAL ROLE health_owner;

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
    v_count constant integer := coalesce(cardinality(p_at), 0);
    s health_internal.detector_state := coalesce(p_state, health_internal.new_detector_state());
    -- Arrays of their own: an element of one inside a record copies it.
    v_record double precision [] := s.record;
    v_mean double precision [] := s.mean;
    v_age double precision [] := s.age;
    v_profile real [] := s.profile;
    v_visits smallint [] := s.visits;
    v_found health_internal.detection;
    v_t double precision;
    v_x double precision;
    v_gap double precision;
    -- Memories of 100, 1,000 and 2,000 points; plain means while the series is shorter.
    v_fresh double precision;
    v_rate_100 double precision;
    v_rate_1000 double precision;
    v_rate_2000 double precision;
    v_h integer;
    v_w integer;
    v_by_day double precision;
    v_by_week double precision;
    v_least_error double precision;
    v_trust_level double precision;
    v_trust_day double precision;
    v_trust_week double precision;
    v_trust_recent double precision;
    v_expected double precision;
    v_r double precision;
    v_rl double precision;
    v_clip double precision;
    v_learnt double precision;
    v_unit double precision;
    v_floor double precision;
    v_views double precision [] := '{0,0,0,0}'::double precision [];
    v_v double precision;
    v_bar double precision;
    v_reach double precision;
    v_bin integer;
    v_strange double precision;
    v_view integer;
BEGIN
    FOR v_i IN 1..v_count LOOP
        v_t := date_part('epoch', p_at[v_i]);
        v_x := p_value[v_i];
        v_found := NULL;
        v_found.score := 0;
        v_found.is_anomaly := false;
        -- What is no number, or not later than the last point, is counted and changes nothing else.
        IF v_x IS NULL OR v_t IS NULL OR v_x IN ('NaN', 'Infinity', '-Infinity')
            OR v_t IN ('Infinity', '-Infinity') OR v_t <= s.last_at THEN
            s.ignored_count := s.ignored_count + 1;
            v_found.reason := CASE
                WHEN v_t <= s.last_at THEN 'ignored: not later than the value before'
                ELSE 'ignored: not a finite number at a finite time'
            END;
            EXIT WHEN v_i = v_count;
            RETURN NEXT v_found;
            CONTINUE;
        END IF;
        v_x := CASE
            WHEN v_x > 1e30 THEN 1e30
            WHEN v_x < -1e30 THEN -1e30
            WHEN abs(v_x) < 1e-30 THEN 0
            ELSE v_x
        END;
        IF s.point_count = 0 THEN
            s.size := abs(v_x);
            s.level := v_x;
            s.recent := v_x;
            s.home := v_x;
        ELSE
            v_gap := v_t - s.last_at;
            -- After days of silence what is short-lived starts anew; what was learnt stays.
            IF v_gap > 86400 AND v_gap > 20 * s.usual_gap THEN
                s.shift := 0;
                s.turbulence := 0;
                s.run := 0;
                s.held_points := 0;
                s.held := 0;
            END IF;
            s.usual_gap := s.usual_gap + greatest(0.01, 1 / s.point_count)
                * (least(v_gap, 5 * s.usual_gap + 86400) - s.usual_gap);
        END IF;
        v_fresh := 1 / (s.point_count + 1);
        v_rate_100 := greatest(0.01, v_fresh);
        v_rate_1000 := greatest(0.001, v_fresh);
        v_rate_2000 := greatest(0.0005, v_fresh);

        -- 1. What was expected: four experts, trusted by how small their errors have been.
        v_w := ((floor(v_t / 3600)::bigint % 168 + 168) % 168)::integer;
        v_h := v_w % 24 + 1;
        v_w := v_w + 25;
        v_by_day := v_profile[v_h] * (v_visits[v_h] / (v_visits[v_h] + 5.0::double precision));
        v_v := v_visits[v_w] / (v_visits[v_w] + 5.0::double precision);
        v_by_week := v_v * v_profile[v_w] + (1 - v_v) * v_by_day;
        v_least_error := least(s.error_level, s.error_day, s.error_week, s.error_recent) + c_tiny;
        v_trust_level := power(greatest(v_least_error / (s.error_level + c_tiny), 1e-9), 4);
        v_trust_day := power(greatest(v_least_error / (s.error_day + c_tiny), 1e-9), 4);
        v_trust_week := power(greatest(v_least_error / (s.error_week + c_tiny), 1e-9), 4);
        v_trust_recent := power(greatest(v_least_error / (s.error_recent + c_tiny), 1e-9), 4);
        v_expected := (
            v_trust_level * s.level + v_trust_day * (s.level + v_by_day)
            + v_trust_week * (s.level + v_by_week) + v_trust_recent * s.recent
        ) / (v_trust_level + v_trust_day + v_trust_week + v_trust_recent);

        -- 2. The residual, plain and in logarithms (a collapse counts as much as a surge). One
        -- outlier teaches no more than clip.
        v_r := v_x - v_expected;
        v_clip := CASE
            WHEN s.point_count < 50 OR s.size <= c_tiny THEN abs(v_r)
            ELSE greatest(20 * s.scale, 0.1 * s.size)
        END;
        v_learnt := least(v_clip, greatest(-v_clip, v_r));
        s.size := s.size + v_rate_2000 * (abs(v_expected + v_learnt) + c_tiny - s.size);
        v_unit := 0.2 * s.size + c_tiny;
        v_floor := 0.0005 * s.size + c_tiny;
        v_rl := health_internal.signed_log(v_x / v_unit)
            - health_internal.signed_log(v_expected / v_unit);
        s.error_level := s.error_level + v_rate_1000 * (
            least(abs(v_x - s.level), 20 * s.error_level + v_clip) + c_tiny - s.error_level
        );
        s.error_day := s.error_day + v_rate_1000 * (
            least(abs(v_x - s.level - v_by_day), 20 * s.error_day + v_clip) + c_tiny - s.error_day
        );
        s.error_week := s.error_week + v_rate_1000 * (
            least(abs(v_x - s.level - v_by_week), 20 * s.error_week + v_clip) + c_tiny
            - s.error_week
        );
        s.error_recent := s.error_recent + v_rate_1000 * (
            least(abs(v_x - s.recent), 20 * s.error_recent + v_clip) + c_tiny - s.error_recent
        );
        v_v := v_expected + v_learnt - s.level;
        v_visits[v_h] := least(v_visits[v_h] + 1, 100);
        v_by_day := v_profile[v_h] + (v_v - v_profile[v_h]) / v_visits[v_h];
        v_profile[v_h] := CASE WHEN abs(v_by_day) < c_tiny THEN 0 ELSE v_by_day END;
        v_visits[v_w] := least(v_visits[v_w] + 1, 20);
        v_by_week := v_profile[v_w] + (v_v - v_profile[v_w]) / v_visits[v_w];
        v_profile[v_w] := CASE WHEN abs(v_by_week) < c_tiny THEN 0 ELSE v_by_week END;
        s.level := s.level + v_rate_1000 * (v_v + c_tiny);
        s.recent := s.recent + v_rate_100 * (v_expected + v_learnt + c_tiny - s.recent);
        s.scale := s.scale + v_rate_2000 * (abs(v_learnt) + c_tiny - s.scale);

        -- 3. Four views of it: now, now as a ratio, its lasting sign, its lasting size.
        s.shift := s.shift + greatest(0.125, v_fresh) * (v_rl - s.bias + c_tiny - s.shift);
        s.bias := s.bias + v_rate_1000 * (v_rl - s.bias);
        s.turbulence := s.turbulence
            + greatest(0.1, v_fresh) * (least(abs(v_r), 10 * s.scale) + c_tiny - s.turbulence);
        v_views[1] := abs(v_r);
        v_views[2] := abs(v_rl);
        v_views[3] := abs(s.shift);
        v_views[4] := s.turbulence;

        -- 4. Each against its own record, which fades when nothing comes near it for long.
        v_strange := 0;
        v_view := 1;
        FOR v_k IN 1..4 LOOP
            v_v := v_views[v_k];
            v_bar := (
                v_record[v_k] + 0.17 * v_mean[v_k]
                + CASE WHEN v_k IN (2, 3) THEN 0.0005 ELSE v_floor END
            );
            IF v_k = 1 THEN
                v_reach := v_bar;
            END IF;
            IF v_v > v_strange * v_bar AND s.point_count >= 150 THEN
                v_strange := v_v / v_bar;
                v_view := v_k;
            END IF;
            IF s.point_count >= 100 THEN
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
                            - greatest(0.000125, 0.6 / s.point_count) * (v_record[v_k] - c_tiny);
                    END IF;
                END IF;
            END IF;
            v_mean[v_k] := v_mean[v_k] + v_rate_2000 * (
                least(v_v, 30 * v_mean[v_k] + v_bar) + c_tiny - v_mean[v_k]
            );
        END LOOP;

        -- 5. Stuck: far longer the same than ever before, in a series that moves. Said once.
        IF v_x = s.last_value THEN
            s.run := s.run + 1;
            IF s.point_count >= 150 AND s.run = greatest(30, 3 * s.longest_run)
                AND s.scale > 2 * v_floor AND v_strange < 1.02 THEN
                v_strange := 1.02;
                v_view := 5;
            END IF;
        ELSE
            s.longest_run := greatest(s.longest_run, s.run);
            s.run := 0;
        END IF;

        -- 6. Creeping: further from the slow level than in all blocks of 500 points before.
        v_v := abs(s.recent - s.level);
        s.crept_now := greatest(s.crept_now, v_v);
        IF s.point_count >= 1500 AND v_v > 2 * (s.crept_before + s.scale) AND v_strange < 1.02 THEN
            v_strange := 1.02;
            v_view := 6;
            s.crept_before := v_v;
        END IF;
        s.crept_points := s.crept_points + 1;
        IF s.crept_points >= 500 THEN
            s.crept_before := greatest(0.95 * s.crept_before, s.crept_now);
            s.crept_now := c_tiny;
            s.crept_points := 0;
        END IF;

        -- 7. Never seen: a value with none like it, near or between those there were, and a surprise.
        IF s.point_count >= 100 THEN
            IF s.point_count = 100 THEN
                s.bin_origin := s.level;
                s.bin_unit := 3 * s.scale + v_floor;
            END IF;
            v_bin := 128 + greatest(-126, least(126, floor(
                12.5 * health_internal.signed_log((v_x - s.bin_origin) / s.bin_unit)
            )))::integer;
            IF get_bit(s.seen, v_bin) = 0 THEN
                IF substring(s.seen FROM v_bin FOR 3) = B'000' AND s.point_count >= 150
                    AND abs(v_r) > 5 * s.scale AND v_strange < 1.02 THEN
                    v_strange := 1.02;
                    v_view := 7;
                END IF;
                s.seen := set_bit(s.seen, v_bin, 1);
            END IF;
        END IF;

        -- 8. Within 100 points of something strange only what is stranger is said.
        s.held_points := s.held_points + 1;
        IF v_strange > s.held OR s.held_points > 100 THEN
            v_v := CASE WHEN v_strange < 1e-6 THEN 0 ELSE power(least(v_strange, 1000), 4) END;
            v_found.score := v_v / (1 + v_v);
            v_found.is_anomaly := v_found.score >= 0.5;
            s.held := 0;
            IF v_strange > 0.9 THEN
                s.held := v_strange;
                s.held_points := 0;
            END IF;
        END IF;
        IF v_found.is_anomaly THEN
            v_found.reason := health_internal.why_strange(
                v_view, v_r, v_rl, s.shift, s.recent - s.level
            );
        END IF;

        -- 9. What it adds to its agent. Home moves slowly: days of an incident teach it little.
        v_v := v_x - s.home;
        IF s.point_count >= 150 THEN
            v_found.expected_low := v_expected - v_reach;
            v_found.expected_high := v_expected + v_reach;
            v_found.surprise := least(50, abs(v_r) / (s.scale + v_floor))
                * least(3, abs(v_r) / v_reach);
            v_found.distance := least(10, greatest(
                0, abs(v_v) / (s.home_spread + v_floor) - 3
            ));
        END IF;
        IF s.point_count >= 100 THEN
            v_v := least(v_clip, greatest(-v_clip, v_v));
        END IF;
        v_fresh := greatest(0.0001, v_fresh);
        s.home := s.home + v_fresh * (v_v + c_tiny);
        s.home_spread := s.home_spread + v_fresh * (abs(v_v) + c_tiny - s.home_spread);
        s.point_count := s.point_count + 1;
        s.last_at := v_t;
        s.last_value := v_x;
        IF v_i < v_count THEN
            RETURN NEXT v_found;
        END IF;
    END LOOP;
    IF v_count > 0 THEN
        s.record := v_record;
        s.mean := v_mean;
        s.age := v_age;
        s.profile := v_profile;
        s.visits := v_visits;
        v_found.state := s;
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
