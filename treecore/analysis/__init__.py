"""Questions about forests and credit that are not credit methods themselves."""
