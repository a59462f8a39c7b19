"""How reliably faces are held, dropped and found again in videos."""
