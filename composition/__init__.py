"""One program for every stack: the root model, the rules across components, and the wiring."""
