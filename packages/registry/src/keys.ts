/** Every key of the registry in one place; all share the space's hash slot. */
export function registryKeys(prefix: string) {
  return {
    runs: `${prefix}runs`,
    /** Sorted set: run whose client lives → when that was last heard. */
    activeRuns: `${prefix}active-runs`,
    run: (run: string) => `${prefix}run:${run}`,
    /** Hash: frame hash → frame JSON. */
    frames: (run: string) => `${prefix}run:${run}:frames`,
    /** Hash: reply field → reply JSON. */
    replies: (run: string) => `${prefix}run:${run}:replies`,
    /** Hash: reply field → how many times the call was begun. */
    tries: (run: string) => `${prefix}run:${run}:tries`,
    /** Hash: intent id → intent JSON. */
    intents: (run: string) => `${prefix}run:${run}:intents`,
    /** List of ledger entries, JSON. */
    ledger: (run: string) => `${prefix}run:${run}:ledger`,
    /** Hash of sums over the ledger. */
    money: (run: string) => `${prefix}run:${run}:money`,
    /** Set of [role, model, price] as JSON: by which prices its calls were booked. */
    prices: (run: string) => `${prefix}run:${run}:prices`,
    /** Hash: <tier>:<upper bound of a bucket, ms> → requests that took as long from being read to being written. */
    latencies: (run: string) => `${prefix}run:${run}:latencies`,
    /** Hash: token of a job → where its lines were placed. */
    placed: (run: string) => `${prefix}run:${run}:placed`,
    /** Bitmap: seqs of results that went to a stream. */
    streamed: (run: string) => `${prefix}run:${run}:streamed`,
    /** Hash: seq → result of an ordered run that lines before it keep from being written. */
    held: (run: string) => `${prefix}run:${run}:held`,
    /** Hash: first seq:own seq → line that waits for the answer to the same request. */
    duplicates: (run: string) => `${prefix}run:${run}:duplicates`,
    /** Hash: seq → when it failed for good, and the request. */
    failed: (run: string) => `${prefix}run:${run}:failed`,
    /** Bitmap: seqs of lines whose kind and way have been decided. */
    dispatched: (run: string) => `${prefix}run:${run}:dispatched`,
    /** Bitmap: seqs of lines whose result is on its way to the client. */
    answered: (run: string) => `${prefix}run:${run}:answered`,
    spaceMoney: `${prefix}money`,
    /** Hash: <day>:spent, <day>:reserved, the day's budget and what was billed beyond what calls may cost, nano-dollars; <day>:until, when its calls have ended or are given up. */
    days: `${prefix}days`,
    totals: `${prefix}totals`,
    kinds: `${prefix}kinds`,
    nursery: `${prefix}nursery`,
    /** Sorted set: kind → the epoch of its last change. */
    changes: `${prefix}changes`,
    epoch: `${prefix}epoch`,
    /** Hash: shape of a text → kind. */
    decisions: `${prefix}decisions`,
    /** Set of kinds that have waiting lines. */
    waitingKinds: `${prefix}waiting-kinds`,
    kind: (kind: string) => `${prefix}kind:${kind}`,
    /** Hash: text's hash → text with one answer that nothing confirms; gone when the make is settled. */
    gatheredTexts: (kind: string) => `${prefix}kind:${kind}:texts`,
    /** Hash: run:seq of a line that went direct to gather → 0 while it has no answer, then 1 (early: it was answered before its place was written down). */
    places: (kind: string) => `${prefix}kind:${kind}:places`,
    examples: (kind: string) => `${prefix}kind:${kind}:examples`,
    waiting: (kind: string) => `${prefix}kind:${kind}:waiting`,
    tools: (kind: string) => `${prefix}kind:${kind}:tools`,
    /** Hash: when a make began, and its plan. */
    make: (kind: string, generation: number) => `${prefix}kind:${kind}:make:${generation}`,
    makeReplies: (kind: string, generation: number) => `${prefix}kind:${kind}:make:${generation}:replies`,
    makeTries: (kind: string, generation: number) => `${prefix}kind:${kind}:make:${generation}:tries`,
    calls: (kind: string, version: number) => `${prefix}kind:${kind}:calls:${version}`,
    /** Hash: what the kind's paid direct calls, its makes and the answers of its tools came to, over all runs. */
    direct: (kind: string) => `${prefix}kind:${kind}:direct`,
    allDirect: `${prefix}direct`,
    /** Hash: what makes came to. */
    makes: `${prefix}makes`,
    /** Sorted set: "<kind> <generation>" of a make that is under way → when it began, or went on after a rest. */
    makesUnderWay: `${prefix}makes-under-way`,
    hold: (endpoint: string) => `${prefix}hold:${endpoint}`,
    probe: (endpoint: string) => `${prefix}probe:${endpoint}`,
    /** Hash: milliseconds from one call to the next, and when the next is due. */
    pace: (endpoint: string) => `${prefix}pace:${endpoint}`,
    /** Hash: what is known of an endpoint's limits, and what calls of a purpose use. */
    limits: (endpoint: string) => `${prefix}limits:${endpoint}`,
    /** Hash: what calls to an endpoint have taken of its limits, by the slot of time in which it counts. */
    taken: (endpoint: string) => `${prefix}taken:${endpoint}`,
  }
}

export type RegistryKeys = ReturnType<typeof registryKeys>

/** All keys of a kind that never had a tool, those of its makes apart; its record is the first. */
export function keysWithoutTool(keys: RegistryKeys, kind: string): string[] {
  return [keys.kind(kind), keys.places(kind), keys.examples(kind), keys.gatheredTexts(kind), keys.waiting(kind), keys.direct(kind)]
}

/** What a make works with, its record first; gone with its end. */
export function keysOfMake(keys: RegistryKeys, kind: string, generation: number): string[] {
  return [keys.make(kind, generation), keys.makeReplies(kind, generation), keys.makeTries(kind, generation), keys.gatheredTexts(kind)]
}
