"""What the stand-in is made of: invented creators and their figures, their exports and answers, the pages."""
