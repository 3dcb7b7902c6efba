"""Instances for the simulated Looker: made up, drifted, backed up, loaded from files and saved."""
