"""Random work against a model of what must be true: `make soak`.

Rows are edited, applied, synced; AWS is edited behind the engine's back; calls fail, clients cancel and
vanish, the proxy and Postgres are killed. Now and then everything is let be, and must be as the model says:
either the rows are the truth (`soak.py`), or nobody's change may be undone (`merging.py`).
"""
