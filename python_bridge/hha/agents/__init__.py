"""Agents that come with the package: the host's and database's performance monitor, and a worker
that hashes files. `python -m hha.agents.performance_monitor --help`."""
