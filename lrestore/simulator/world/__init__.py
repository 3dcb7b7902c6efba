"""Data of simulated instances: generated, drifted, backed up, loaded from files and saved."""
