"""What stands in for people's uploads: samples, made up."""
