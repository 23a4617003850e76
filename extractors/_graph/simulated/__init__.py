"""The protocol of a stand-in for the Graph API: errors, quotas, parameters, and the engine that platforms fill. Never imported by a client."""
