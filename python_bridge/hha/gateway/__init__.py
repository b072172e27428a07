"""Heartbeats by HTTP: pings compatible with Healthchecks, and JSON.

A 200 means committed. Requests are written in groups by one connection (`writer`); what is
accepted, the database says.
"""
