"""Instagram behind the stand-in for the Graph API: invented accounts, their posts and people, insights as the platform gives and refuses them."""
