"""One module per content type: its row of the table."""
