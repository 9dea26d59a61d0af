"""The wire of Salesforce's Pub/Sub API: code made from its published description.

`pubsub_api.proto` (CC0 1.0) is that of github.com/forcedotcom/pub-sub-api at commit
0ba4701; `make stubs` makes the modules from it. It describes bytes and holds no code of
ours, so the adapter and the sandbox, which share nothing else, both use it.
"""
