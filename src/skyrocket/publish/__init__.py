"""Update repositories: what a publisher makes, signs, checks and serves."""
