"""Who may do what: each test tries something, and looks in the simulated account that nothing happened."""
