"""What the tests of the commands share."""
