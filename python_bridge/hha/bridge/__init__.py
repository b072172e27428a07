"""The bridge: restarts what the database says and carries its messages. The monitor's hands.

Nothing is decided here. Every rule (what is unhealthy, when to restart, whom to tell, how often
to try) lives in the database; the bridge holds only *how* an agent is restarted on this host and
*where* a channel delivers, both from its own configuration file.
"""

from __future__ import annotations

from hha.bridge.config import BridgeConfig, load_config, parse_config
from hha.bridge.service import Bridge, run_bridge

__all__ = ["Bridge", "BridgeConfig", "load_config", "parse_config", "run_bridge"]
