"""What may refuse a plan before anything is done."""
