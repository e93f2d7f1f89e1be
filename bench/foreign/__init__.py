"""What it takes to install all modules into an account of somebody else, and to plan there."""
