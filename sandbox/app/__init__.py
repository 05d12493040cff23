"""Sample chat application: what development stacks, tests and drills deploy. Imported as `app` inside its image."""
