"""The simulated Looker as an HTTP server on loopback, and its control interface."""
