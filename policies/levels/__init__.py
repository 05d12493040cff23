"""How strict each rule is in an environment, and what overrides it for a while."""
