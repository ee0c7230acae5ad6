"""tokenweir: takes the events of an LLM gateway, answers at once, keeps what it accepted.

Read `app.py` first (the routes), then `pipeline.py` (the queue and its consumer).
"""
