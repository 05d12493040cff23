"""What runs, in neutral words. Each component: settings, component, text builders, README."""
