interface ServedTokens {
  prompt: number
  cached: number
  completion: number
}

/** What the simulator has served since it started. A dropped, cut or abandoned call counts too: it was made. */
export interface Served {
  /** `role` and `asked` are `unknown` where the call was turned away before either was read. `status`: the HTTP status, or `dropped` (the simulator closed the connection) or `gone` (the caller did). */
  countCall(role: string, asked: string, status: string): void
  countTokens(model: string, tokens: ServedTokens): void
  report(): { calls: Record<string, Record<string, Record<string, number>>>; tokens: Record<string, ServedTokens> }
}

export function createServed(): Served {
  const calls: Record<string, Record<string, Record<string, number>>> = {}
  const tokens: Record<string, ServedTokens> = {}
  return {
    countCall(role, asked, status) {
      const byStatus = ((calls[role] ??= {})[asked] ??= {})
      byStatus[status] = (byStatus[status] ?? 0) + 1
    },
    countTokens(model, { prompt, cached, completion }) {
      const sum = (tokens[model] ??= { prompt: 0, cached: 0, completion: 0 })
      sum.prompt += prompt
      sum.cached += cached
      sum.completion += completion
    },
    report: () => ({ calls, tokens }),
  }
}
