"""The questions that can be answered without a language model, as queries whose rows are lines.

A query gets the parameter agent_id (NULL where the question names none) and returns one column,
`line`. Which one is meant is told by words of the question, in English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """A question with its query. `nothing` is the answer where it has no row."""

    name: str
    meaning: str
    words: str
    nothing: str
    query: str
    needs_agent: bool = False

    def hits(self, question: str) -> int:
        """How many different words of `question` speak for this template."""
        return len(
            {match.lower() for match in re.findall(rf"\b(?:{self.words})", question, re.IGNORECASE)}
        )


TEMPLATES = (
    Template(
        "fleet",
        "how the fleet is as a whole",
        "overview|overall|fleet|everything|system|all agents|how many|summary",
        "no agent has been judged yet",
        """
        SELECT format(
            '%%s agents: %%s alive, %%s late, %%s unresponsive; score of the system %%s of 100.',
            h.agent_count, h.alive_count, h.late_count, h.unresponsive_count,
            coalesce(round(h.system_health_score::numeric, 1)::text, 'not measured')
        ) AS line
        FROM health.system_health AS h
        UNION ALL
        SELECT format(
            '%%s excellent, %%s good, %%s fair, %%s poor, %%s critical.',
            h.excellent_count, h.good_count, h.fair_count, h.poor_count, h.critical_count
        )
        FROM health.system_health AS h
        UNION ALL
        SELECT format(
            '%%s alerts are open, %%s recoveries wait or run.',
            h.open_alert_count, h.recovery_backlog_count
        )
        FROM health.system_health AS h
        """,
    ),
    Template(
        "worst",
        "which agents are in the worst health",
        "worst|unhealthy|sick|lowest|bad|poor|critical|trouble|problem|which agents?|broken|ill",
        "every agent is good or excellent",
        """
        SELECT format(
            '%%s: score %%s, %%s, %%s%%s.', f.agent_id, round(f.score::numeric, 1), f.status,
            f.liveness, coalesce(', ' || replace(f.issue_type, '_', ' '), '')
        ) AS line
        FROM health.fleet AS f
        WHERE f.status IN ('fair', 'poor', 'critical')
        ORDER BY f.score
        LIMIT 10
        """,
    ),
    Template(
        "agent",
        "how one agent is",
        "how is|status|state|doing|health of",
        "it has not been judged yet",
        """
        SELECT format(
            '%%s is %%s with a score of %%s, %%s; it calls itself %%s and last beat at %%s.',
            f.agent_id, f.status, round(f.score::numeric, 1), f.liveness, f.state,
            coalesce(
                to_char(f.last_heartbeat_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'),
                'no time'
            )
        ) AS line
        FROM health.fleet AS f
        WHERE f.agent_id = %(agent_id)s
        UNION ALL
        SELECT format('Open alert %%s (%%s): %%s.', a.alert_id, a.severity, a.summary)
        FROM health.open_alerts AS a
        WHERE a.agent_id = %(agent_id)s
        """,
        needs_agent=True,
    ),
    Template(
        "why",
        "why one agent has its score, component by component",
        "why|explain|reason|because|cause|score|component",
        "it has not been judged yet",
        """
        SELECT CASE
            WHEN e.component = 'gate' THEN format(
                'The gate takes away %%s points: it is %%s and calls itself %%s.',
                -round(e.contribution::numeric, 1),
                e.raw_inputs ->> 'liveness', e.raw_inputs ->> 'state'
            )
            WHEN e.value IS NULL THEN format(
                '%%s: %%s.', replace(e.component, '_', ' '), e.raw_inputs ->> 'note'
            )
            ELSE format(
                '%%s: %%s of 100, %%s points of the score.', replace(e.component, '_', ' '),
                round(e.value::numeric, 1), round(e.contribution::numeric, 1)
            )
        END AS line
        FROM health.explain(%(agent_id)s) AS e
        WHERE e.weight > 0 OR (e.component = 'gate' AND e.contribution < 0)
        ORDER BY e.value NULLS LAST
        """,
        needs_agent=True,
    ),
    Template(
        "alerts",
        "which alerts are open",
        "alerts?|alarm|page|incident|open|warn",
        "no alert is open",
        """
        SELECT format(
            'Alert %%s, %%s, since %%s: %%s%%s.', a.alert_id, a.severity,
            to_char(a.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'), a.summary,
            coalesce(', acknowledged by ' || a.acknowledged_by, '')
        ) AS line
        FROM health.open_alerts AS a
        WHERE %(agent_id)s::text IS NULL OR a.agent_id = %(agent_id)s
        ORDER BY
            array_position(ARRAY['emergency', 'critical', 'warning', 'info'], a.severity::text),
            a.opened_at
        LIMIT 20
        """,
    ),
    Template(
        "told",
        "why somebody was or was not told about one agent in the last seven days",
        "told|paged|not paged|notified|message|suppress|silenced|mute|nobody|didn't i|was i",
        "nothing was to be told in the last seven days",
        """
        SELECT format(
            '%%s: %%s%%s.', to_char(t.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'),
            t.explanation, coalesce(' (' || t.channel || ')', '')
        ) AS line
        FROM health.explain_silence(%(agent_id)s, clock_timestamp() - interval '7 days') AS t
        ORDER BY t.occurred_at DESC
        LIMIT 20
        """,
        needs_agent=True,
    ),
    Template(
        "recoveries",
        "what was restarted or recovered, and how that ended",
        "recover|restart|heal|fixed|repair|mended",
        "nothing has been recovered",
        """
        SELECT format(
            '%%s: %%s of %%s for %%s, attempt %%s.',
            to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'),
            r.state, r.agent_id, replace(r.issue_type, '_', ' '), r.attempt
        ) AS line
        FROM health.recovery_history AS r
        WHERE %(agent_id)s::text IS NULL OR r.agent_id = %(agent_id)s
        ORDER BY r.created_at DESC
        LIMIT 10
        """,
    ),
    Template(
        "silent",
        "which agents do not answer",
        "silent|quiet|unresponsive|dead|down|missing|late|offline|not answer|don't answer|gone",
        "every agent answers",
        """
        SELECT format(
            '%%s is %%s; last heartbeat %%s.', f.agent_id, f.liveness,
            coalesce(
                to_char(f.last_heartbeat_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'),
                'never'
            )
        ) AS line
        FROM health.fleet AS f
        WHERE f.liveness IN ('late', 'unresponsive')
        ORDER BY f.last_heartbeat_at NULLS FIRST
        LIMIT 20
        """,
    ),
    Template(
        "risk",
        "which agents are likely to fail soon",
        "predict|risk|will fail|likely|soon|forecast|future|about to",
        "no agent is predicted to fail",
        """
        SELECT format(
            '%%s: %%s %%%% within %%s (%%s), threshold %%s %%%%.', r.agent_id,
            round((100 * r.probability)::numeric, 1), r.horizon, r.basis,
            round((100 * r.threshold)::numeric, 1)
        ) AS line
        FROM health.failure_risk AS r
        WHERE r.is_at_risk AND (%(agent_id)s::text IS NULL OR r.agent_id = %(agent_id)s)
        ORDER BY r.probability DESC
        LIMIT 10
        """,
    ),
    Template(
        "anomalies",
        "what behaves unlike before",
        "anomal|unusual|strange|weird|odd|unlike|spike|outlier",
        "nothing behaves unlike before",
        """
        SELECT format(
            '%%s, %%s since %%s: %%s.', a.agent_id, coalesce(a.metric_name, 'several metrics'),
            to_char(a.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'), a.reason
        ) AS line
        FROM health.anomalies AS a
        WHERE a.ended_at IS NULL AND (%(agent_id)s::text IS NULL OR a.agent_id = %(agent_id)s)
        ORDER BY a.peak_score DESC
        LIMIT 10
        """,
    ),
    Template(
        "figures",
        "what the fleet cost, saved and reached: the manager's figures",
        "money|cost|revenue|lost|loss|dollar|business|kpi|saved|roi|mttr|mttd|figures?|manager",
        "nothing has been measured yet",
        """
        SELECT format(
            '%%s: %%s %%s.', k.title, trim_scale(round(k.value::numeric, 2)), k.unit
        ) AS line
        FROM health.kpis AS k
        WHERE k.value IS NOT NULL
        """,
    ),
    Template(
        "availability",
        "how available agents were",
        "availab|uptime|downtime|outage|sla",
        "availability has not been measured yet",
        """
        SELECT format(
            '%%s: %%s %%%% of %%s days, down for %%s s.', a.agent_id,
            round(a.availability_percent::numeric, 3), a.period_days,
            round(a.down_seconds::numeric)
        ) AS line
        FROM health.availability AS a
        WHERE a.availability_percent IS NOT NULL
            AND (%(agent_id)s::text IS NULL OR a.agent_id = %(agent_id)s)
        ORDER BY a.period_days, a.availability_percent
        LIMIT 20
        """,
    ),
    Template(
        "advice",
        "what people should do",
        "recommend|advice|advise|should|suggest|improve|to do",
        "there is nothing to recommend",
        """
        SELECT format(
            '%%s: %%s, since %%s.', coalesce(r.agent_id, 'all'), r.summary, r.reason
        ) AS line
        FROM health.recommendations AS r
        WHERE r.closed_at IS NULL AND r.dismissed_at IS NULL
            AND (%(agent_id)s::text IS NULL OR r.agent_id = %(agent_id)s)
        ORDER BY r.priority, r.created_at
        LIMIT 10
        """,
    ),
    Template(
        "engine",
        "whether the monitor itself works",
        "engine|monitor|tick|scheduler|queue|backlog|watching",
        "the engine has never ticked",
        """
        SELECT format(
            'Tick %%s, %%s s ago, took %%s ms; ticked by %%s;'
            ' %%s messages and %%s recoveries wait.',
            e.tick_id, round(e.seconds_since_tick::numeric, 1),
            round((e.last_tick_ms + coalesce(e.last_act_ms, 0))::numeric),
            e.scheduler, e.pending_delivery_count, e.pending_recovery_count
        ) AS line
        FROM health.engine_health AS e
        WHERE e.last_tick_at IS NOT NULL
        UNION ALL
        SELECT format('Last error of the engine: %%s.', e.last_error)
        FROM health.engine_health AS e
        WHERE e.last_error IS NOT NULL
        """,
    ),
)

BY_NAME = {template.name: template for template in TEMPLATES}


def choose(question: str, has_agent: bool) -> Template | None:
    """The template that most words of the question speak for; None where no word does.

    An agent that is named alone asks how it is; a template about one agent needs its name.
    """
    possible = [template for template in TEMPLATES if has_agent or not template.needs_agent]
    # Of equals the one about an agent, where one is named; then the first.
    best = max(
        possible, key=lambda template: (template.hits(question), has_agent and template.needs_agent)
    )
    if best.hits(question):
        return best
    return BY_NAME["agent"] if has_agent else None


def candidates(question: str) -> list[str]:
    """What may be ids of agents in the question: its words, and what stands in quotes."""
    quoted = re.findall(r"[\"'`]([^\"'`]+)[\"'`]", question)
    words = [word.strip("\"'`.,;:?!()[]") for word in question.split()]
    return [word for word in dict.fromkeys([*quoted, *words]) if word]


def what_can_be_asked() -> str:
    """One line per template."""
    return "\n".join(f"- {template.meaning}" for template in TEMPLATES)
