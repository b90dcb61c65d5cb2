"""What advertisers spent, their budgets, and whether their ads may still be served."""
