"""One module per sub-command of `hha`; each defines `register(app)`."""
