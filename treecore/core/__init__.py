"""The data structures: forests as columns, and index arithmetic on trees."""
