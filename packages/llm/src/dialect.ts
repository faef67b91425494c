const REPLY_FORMS = ['json_schema', 'json_object', 'text'] as const

/** What an endpoint has been found to understand. It starts with everything and only ever shrinks. */
export interface Dialect {
  replyForm: (typeof REPLY_FORMS)[number]
  limitName: 'max_completion_tokens' | 'max_tokens'
  omitted: readonly ('temperature' | 'seed')[]
}

export const FULL_DIALECT: Dialect = { replyForm: 'json_schema', limitName: 'max_completion_tokens', omitted: [] }

/** An endpoint's refusal of a request, as its error body told it. */
export interface Refusal {
  statusCode: number
  param: string
  message: string
}

/**
 * The dialect to try next after a refusal of `sent`, or undefined where other words would not help. Every step gives something up, so trying ends.
 * `sent` is the refused body, `isOurs` false for a user's own body: there only the limit is ours to rename.
 */
export function learn(dialect: Dialect, sent: Record<string, unknown>, isOurs: boolean, refusal: Refusal): Dialect | undefined {
  if (refusal.statusCode !== 400 && refusal.statusCode !== 422) return undefined
  const isAbout = (name: string) => refusal.param.split(/[.[]/)[0] === name || (refusal.param === '' && refusal.message.includes(name))
  // A limit that is too large is the caller's to mend: under the other name it would be refused again.
  if (
    dialect.limitName in sent &&
    dialect.limitName === 'max_completion_tokens' &&
    isAbout('max_completion_tokens') &&
    !isAboutSize(refusal)
  ) {
    return { ...dialect, limitName: 'max_tokens' }
  }
  if (!isOurs) return undefined
  for (const name of ['temperature', 'seed'] as const) {
    if (name in sent && isAbout(name)) return { ...dialect, omitted: [...dialect.omitted, name] }
  }
  if ('response_format' in sent && (isAbout('response_format') || /json_schema|json_object|structured output/i.test(refusal.message))) {
    const next = REPLY_FORMS[REPLY_FORMS.indexOf(dialect.replyForm) + 1]
    return next && { ...dialect, replyForm: next }
  }
  return undefined
}

/** True where the endpoint has structured output and only this one schema is beyond it. */
export function isAboutOneSchema(refusal: Refusal): boolean {
  return /invalid schema/i.test(refusal.message)
}

/** What both have learned: calls under way at once each find out for themselves. */
export function joinDialects(one: Dialect, other: Dialect): Dialect {
  const form = Math.max(REPLY_FORMS.indexOf(one.replyForm), REPLY_FORMS.indexOf(other.replyForm))
  return {
    replyForm: REPLY_FORMS[form] ?? 'text',
    limitName: one.limitName === 'max_tokens' ? one.limitName : other.limitName,
    omitted: [...new Set([...one.omitted, ...other.omitted])],
  }
}

function isAboutSize(refusal: Refusal): boolean {
  return /too (large|big|high|small|low)|at (most|least)|exceed|maximum|minimum|less than|greater than/i.test(refusal.message)
}
