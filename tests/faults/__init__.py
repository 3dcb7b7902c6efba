"""Every fault of the simulated Looker in every phase of a run: what happens, and what is left afterwards."""
