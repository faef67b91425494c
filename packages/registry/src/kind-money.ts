/** Of direct answers whose use of tokens, or cost, is known. */
export interface DirectSums {
  calls: number
  costNano: number
  unpriced: number
  promptTokens: number
  outputTokens: number
  textBytes: number
}

/** What was paid for a kind, and what came of it, over all runs. Money in nano-dollars. */
export interface KindMoney {
  direct: DirectSums
  /** The squared costs of the direct calls, for their variance; `calls` are those that are in it, fewer than all priced ones where an older version booked some. */
  squares: { calls: number; sum: number }
  /** What the direct calls would have cost at the light model, for the same tokens; `calls` whose price there is known. */
  atLight: { calls: number; costNano: number }
  /** What makes of its tools cost, those that failed among them; calls without a price are not in the cost. */
  makes: { calls: number; costNano: number; unpriced: number }
  /** Answers of its tools, copies for the same request not counted. Cost, and what they saved (the baseline less that), are of the `priced` ones, whose cost and baseline are known. */
  uses: { count: number; priced: number; costNano: number; savedNano: number }
}

/** Reads the hash that `SETTLE` and `ADD_RESULTS` write. */
export function kindMoney(hash: Record<string, string>): KindMoney {
  const value = valueOf(hash)
  return {
    direct: directSums(hash),
    squares: { calls: value('squaredCalls'), sum: value('costSquares') },
    atLight: { calls: value('lightCalls'), costNano: value('lightCost') },
    makes: { calls: value('makeCalls'), costNano: value('makeCost'), unpriced: value('makeUnpriced') },
    uses: { count: value('uses'), priced: value('usesPriced'), costNano: value('usesCost'), savedNano: value('usesSaved') },
  }
}

export function directSums(hash: Record<string, string>): DirectSums {
  const value = valueOf(hash)
  return {
    calls: value('calls'),
    costNano: value('cost'),
    unpriced: value('unpriced'),
    promptTokens: value('promptTokens'),
    outputTokens: value('outputTokens'),
    textBytes: value('textBytes'),
  }
}

function valueOf(hash: Record<string, string>): (field: string) => number {
  return (field) => Number(hash[field] ?? 0)
}
