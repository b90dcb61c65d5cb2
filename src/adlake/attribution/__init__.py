"""Attribution: ad events to gold.ad_performance_state, by the law."""
