"""What every attribute is compared with; ../values.py runs it."""
