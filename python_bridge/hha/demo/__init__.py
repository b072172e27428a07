"""``hha demo``: real processes, real faults, and the proof of what the monitor did about them."""
