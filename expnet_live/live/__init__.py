"""The live engine: capture and inference on their own threads, the newest frame wins. No Qt here."""
