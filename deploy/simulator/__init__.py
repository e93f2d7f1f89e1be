"""A simulated AWS: moto behind the rules, the missing services and the faults it lacks.

It runs in a process of its own (`python -m deploy.simulator`), started by
`deploy.simulator.process`. No call ever leaves the machine.
"""
