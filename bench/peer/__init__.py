"""iasql beside Terraform or OpenTofu, on the same simulated AWS: `make bench-peer`.

A user's command against a user's command: `psql -f` with rows and a call, and `terraform apply`.

    main.tf, stack/   the tutorial's stacks as a Terraform user writes them
    contestant.py     what both can be asked for
    terraform.py      Terraform or OpenTofu, whichever there is
    iasql.py          `iasql up` and psql
    commands.py       what a command and the servers behind it have used
    race.py           create, plan, change, destroy: time, CPU, calls, memory
    trouble.py        edits beside them, kills, lost answers: what came of one
    troubles.py       which ones
    table.py          results: printed, kept, shown in the documentation
"""
