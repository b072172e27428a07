"""A bridge goes on while a deployment replaces the functions that it calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hha.bridge.database import HealthDatabase

if TYPE_CHECKING:
    from conftest import Engine


async def test_prepared_reports_find_a_function_that_was_made_again(
    engine: Engine, login: Callable[..., str]
) -> None:
    engine.run("SELECT health.set_channel('console', 'console')")
    definition = engine.value(
        "SELECT pg_get_functiondef(oid) || '; GRANT EXECUTE ON FUNCTION '"
        " || oid::regprocedure || ' TO health_bridge'"
        " FROM pg_proc WHERE proname = 'report_delivery'"
    )
    database = HealthDatabase(login(engine.dsn, "health_bridge"), "bridge:one")
    await database.open()
    try:
        for number in range(3):
            engine.run(
                """
                INSERT INTO health.deliveries (
                    channel, event, severity, subject, body, idempotency_key, created_at, not_before
                )
                VALUES ('console', 'opened', 'critical', 'subject', 'body', %s, now(), now())
                """,
                f"message {number}",
            )
            (delivery,) = await database.claim_deliveries(1, ["console"])
            assert await database.report_delivery(delivery.lease, "delivered", {})
            assert not await database.report_delivery(delivery.lease, "delivered", {})
            engine.run("DROP FUNCTION health.report_delivery")
            engine.run(definition)
    finally:
        await database.close()
    assert engine.rows("SELECT DISTINCT state FROM health.deliveries") == [{"state": "delivered"}]
