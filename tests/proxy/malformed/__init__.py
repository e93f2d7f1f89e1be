"""What is no PostgreSQL protocol, said to Postgres and to a proxy, whose answers must be the same."""
