"""Which AWS account each database is connected to, and how the server gets into it.

model.py      what is kept of a connection
registry.py   where it is kept: beside the databases, not in them
binding.py    what ties a connection to the one database that it is about
seal.py       how secrets are encrypted that are kept
sessions.py   credentials, as the AWS client takes them
registered.py the accounts of a running server
connect.py    connecting, changing and disconnecting, for the command line
"""
