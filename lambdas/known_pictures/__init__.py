"""Ask an endpoint known pictures while it is updated."""
