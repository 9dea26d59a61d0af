"""A stateful HubSpot account on HubSpot's own paths."""
