"""The endpoints of the simulated Looker, one module for each part of the API."""
