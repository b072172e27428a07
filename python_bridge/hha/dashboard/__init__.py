"""The page: fleet, agents, alerts, recoveries and engine in a browser, live, server-rendered.

It decides nothing. Reading uses one login (the role health_analyst suffices); who signs in acts
through a connection of his own, so that what he may do is what PostgreSQL lets his login do.
"""
