"""The report of a fault campaign: one HTML file, made from the campaign's database."""
