"""A Slack workspace with one bot in it, on the Web API's own methods."""
