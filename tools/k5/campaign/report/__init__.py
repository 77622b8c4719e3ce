"""The report of a fault campaign: one HTML file, made from the campaign's database."""

from k5.campaign.report.page import write_report

__all__ = ["write_report"]
