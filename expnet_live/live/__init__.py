"""The live engine: capture and inference run on their own threads, and the newest frame wins. No Qt here."""
