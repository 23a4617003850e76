"""YouTube: one channel through Google's own APIs, and Studio exports that people bring."""
