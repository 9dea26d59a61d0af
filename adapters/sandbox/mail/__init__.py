"""A mail server that delivers nothing and keeps everything."""
