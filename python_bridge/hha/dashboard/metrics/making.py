"""Families of metrics from rows: the few shapes that all of `/metrics` is made of."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from hha.dashboard.reader import Row


def gauge(
    name: str, description: str, label: str, values: Iterable[tuple[str, object]]
) -> GaugeMetricFamily:
    """One series per value that is known."""
    family = GaugeMetricFamily(name, description, labels=[label])
    for key, value in values:
        if value is not None:
            family.add_metric([key], number(value))
    return family


def counter(
    name: str, description: str, label: str, values: Iterable[tuple[str, object]]
) -> CounterMetricFamily:
    """One series per value that is known, of something that only grows."""
    family = CounterMetricFamily(name, description, labels=[label])
    for key, value in values:
        if value is not None:
            family.add_metric([key], number(value))
    return family


def number(value: object) -> float:
    """A value of a row: int, float, bool or Decimal."""
    return float(value)  # type: ignore[arg-type]


def summed(rows: Iterable[Row], label: str, column: str, keys: Iterable[str]) -> dict[str, float]:
    """Sums by label, 0 for those of `keys` without a row."""
    totals = dict.fromkeys(keys, 0.0)
    for row in rows:
        totals[row[label]] = totals.get(row[label], 0.0) + number(row[column])
    return totals
