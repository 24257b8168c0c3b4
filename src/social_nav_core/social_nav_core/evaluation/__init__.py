"""How well a robot behaves among people: run records, metrics, pictures and the report."""
