interface ServedTokens {
  prompt: number
  cached: number
  completion: number
}

/** What the simulator has served since it started. A dropped, cut or abandoned call counts too: it was made. */
export interface Served {
  /** `role` and `asked` are `unknown` where the call was turned away before either was read. `status`: the HTTP status, or `dropped` (the simulator closed the connection) or `gone` (the caller did). */
  countCall(role: string, asked: string, status: string): void
  /** From now on the call is under way; what it returns counts the call, by its end, and is called once. */
  callBegins(role: string, asked: string): (status: string) => void
  countTokens(model: string, tokens: ServedTokens): void
  /** `underWay`: calls that are not counted among `calls` yet. */
  report(): {
    calls: Record<string, Record<string, Record<string, number>>>
    underWay: Record<string, Record<string, number>>
    tokens: Record<string, ServedTokens>
  }
}

export function createServed(): Served {
  const calls: Record<string, Record<string, Record<string, number>>> = {}
  const underWay: Record<string, Record<string, number>> = {}
  const tokens: Record<string, ServedTokens> = {}
  const countCall = (role: string, asked: string, status: string) => {
    const byStatus = ((calls[role] ??= {})[asked] ??= {})
    byStatus[status] = (byStatus[status] ?? 0) + 1
  }
  return {
    countCall,
    callBegins(role, asked) {
      const byAsked = (underWay[role] ??= {})
      byAsked[asked] = (byAsked[asked] ?? 0) + 1
      return (status) => {
        byAsked[asked]!--
        countCall(role, asked, status)
      }
    },
    countTokens(model, { prompt, cached, completion }) {
      const sum = (tokens[model] ??= { prompt: 0, cached: 0, completion: 0 })
      sum.prompt += prompt
      sum.cached += cached
      sum.completion += completion
    },
    report: () => ({ calls, underWay, tokens }),
  }
}
