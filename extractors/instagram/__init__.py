"""Instagram insights: one professional account through the Graph API, and the exports of Meta Business Suite that people bring."""
