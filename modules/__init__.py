"""What each resource is, declared. No I/O of any kind."""
