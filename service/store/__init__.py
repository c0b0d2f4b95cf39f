"""The database: models, migrations and every query. SQL stands nowhere else."""
