"""Real clients' suites, run against Postgres itself and through the proxy: both must look the same.

    make test-clients     every suite, and docs/compatibility.md

`suite.py` says what a suite is, `catalogue.py` which there are; `test_suites.py` runs the quick ones.
"""
