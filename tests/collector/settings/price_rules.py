"""A small file of price rules: one by steps, one by bands, one that no potline can be priced by."""

PRICE_RULES = """\
[tiers]
kind = "steps"
boundary = "liquid_comprehensive_ac"
without_desulphurisation = true
source = "notice"
verified = "own"
[[tiers.tiers]]
valid_from = 2025-01-01
threshold_kwh_per_t = 13300
step_kwh_per_t = 20
cny_per_kwh_per_step = 0.01
[bands]
kind = "bands"
boundary = "liquid_ac"
free_to_kwh_per_t = 13700
middle_to_kwh_per_t = 13800
middle_cny_per_kwh = 0.02
top_cny_per_kwh = 0.08
source = "news"
verified = "transcription"
[ingots]
kind = "steps"
boundary = "ingot_comprehensive_ac"
without_desulphurisation = false
source = "notice"
verified = "own"
[[ingots.tiers]]
valid_from = 2025-01-01
threshold_kwh_per_t = 13400
step_kwh_per_t = 20
cny_per_kwh_per_step = 0.01
"""
