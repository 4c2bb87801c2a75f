"""What moves in a picture, as boxes: turning counts without a detector."""
