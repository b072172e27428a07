"""What ``hha up`` and ``hha demo`` need: server, schema, bridge, page, gateway, agents.

Nothing is stopped that was not started here: ``folder`` knows what is ours, ``agents`` whom the
bridge supervises, ``processes`` starts and stops.
"""
