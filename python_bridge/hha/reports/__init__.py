"""The executive report of the database, laid out for terminal, browser and paper.

Every figure and every word about it comes from ``health.executive_report``; nothing is
reckoned here.
"""
