"""What must be true before people read it, as asset checks; what is checked is declared elsewhere."""
