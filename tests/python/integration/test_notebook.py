"""docs/notebooks/fleet.ipynb runs as it stands, by an analyst, and shows what the views hold."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient
from recent_history import make_history

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Engine

NOTEBOOK = Path(__file__).resolve().parents[3] / "docs" / "notebooks" / "fleet.ipynb"
FIGURES = 5


@pytest.fixture
def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_is_kept_without_outputs(notebook: Any) -> None:
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)


def test_it_runs_and_shows_what_the_views_hold(
    notebook: Any,
    engine: Engine,
    login: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_history(engine.connection)
    monkeypatch.setenv("HHA_DSN", login(engine.dsn, "health_analyst"))
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()

    outputs = [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]
    assert {output.output_type for output in outputs} == {"display_data", "execute_result"}
    if folder := os.environ.get("HHA_SCREENSHOTS"):
        nbformat.write(notebook, Path(folder) / "fleet.ipynb")
    figures = [output for output in outputs if "image/png" in output.data]
    assert len(figures) == FIGURES
    shown = "".join(output.data["text/plain"] for output in outputs)
    for agent in engine.rows("SELECT * FROM health.fleet WHERE score IS NOT NULL"):
        row = re.search(rf"^{agent['agent_id']} +(\w+) +(\w+) +([\d.]+)", shown, re.MULTILINE)
        assert row is not None
        assert (row[1], row[2]) == (agent["liveness"], agent["status"])
        assert float(row[3]) == float(agent["score"])
    (lost,) = engine.rows("SELECT value FROM health.kpis WHERE figure = 'revenue_lost'")
    assert f"{float(lost['value']):.2f}" in shown
