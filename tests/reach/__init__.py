"""What can still be reached: bounds, irreversible guards, and the pace, against random futures."""
