"""inspect_ai logs: `.eval` archives in both layouts, and `.json`."""
