"""The way to AWS: clients, calls, retries, waiting. The only package that knows aiobotocore."""
