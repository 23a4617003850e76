"""Meta Ads: campaigns, ad sets, ads and daily insights of one ad account, by the Marketing API (plain requests, no browser)."""
