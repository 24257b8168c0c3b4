"""Where people stand when they talk to a person, and where a robot should go to do the same."""
