"""What an inspector says about one step, in words and numbers. Pure: knows no browser."""
