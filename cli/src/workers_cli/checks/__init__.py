"""What `workers doctor` looks at: each check says what it saw and what to run next."""
