-- kept_back: micros that are kept back of a budget, by the amounts of whole minutes, each x its weight.
-- A decision takes 60 seconds to reach the ad server. No budget is as large as the most that is kept back.
least(
    greatest(CAST(60 * :weighed AS DECIMAL(38, 0)) / DECIMAL '300000000000000', DECIMAL '0'),
    DECIMAL '999999999999999999'
)
