"""How fast the engine is against what AWS's own latency allows: `make bench-engine`.

The account is a light fake below the engine's own AWS package: moto, which serves some hundred calls a
second, would be what is measured. The engine, its limits, its journal and Postgres are the real ones.

    latency.py        how long each AWS operation takes
    account.py        what AWS does: the operations of the tutorial's services
    throttling.py     how it limits the rate of calls
    cloud.py          clients of that account: they wait, answer page by page, and record
    critical_path.py  the least time that some recorded calls can take
    world.py          an engine, a database and an account, ready to be measured
    stacks.py         the tutorial's stack, once and many times; the peer: one call after another
    three_tiers.py    an application of many services on the simulated AWS, against the critical path
    scale.py          thousands of resources: time, CPU, memory
    client_cpu.py     what the AWS client itself costs a resource
"""
