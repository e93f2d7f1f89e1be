"""Reconciles the tables with the AWS account. Knows nothing of the Postgres wire protocol."""
