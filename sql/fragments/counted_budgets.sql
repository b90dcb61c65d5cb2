-- counted_budgets: those of `known_budgets` that count: what clicks carry does before the first change alone.
filter(
    known_budgets,
    budget -> NOT budget.is_carried OR coalesce(budget.ts_ms < first_change_ms, TRUE)
)
