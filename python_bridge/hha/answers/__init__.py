"""Answers to questions about the fleet, in words: from fixed queries, or by a language model.

`templates` holds the queries, `reading` runs them and nothing that writes, `model` lets a language
model choose among them, `answering` puts it together.
"""
