import type { Example } from '@toolwright/contracts'

/** What became of one example, read by `extract` and answered by `solve` in both surroundings. */
export type Own =
  | { status: 'right'; arguments: string }
  | { status: 'wrong'; answer: string; arguments: string }
  | { status: 'unsteady'; answers: [string, string] }
  | { status: 'refused'; why: string }
  | { status: 'failed'; why: string }

/** Failures among the shown examples in full; of the held-back ones at most one is shown in the whole make, the others only counted. */
export function describeFailures(
  examples: Example[],
  own: Own[],
  heldBack: Set<string>,
  revealed: ReadonlySet<string>,
): { problems: string[]; revealed: string | null } {
  const failed = examples.map((example, at) => ({ example, own: own[at]! })).filter((one) => one.own.status !== 'right')
  const open = failed.filter(({ example }) => !heldBack.has(example.text) || revealed.has(example.text))
  const hidden = failed.filter((one) => !open.includes(one))
  const problems = open.slice(0, 3).map(({ example, own: one }) => describeCase(example, one))
  const show = open.length === 0 && revealed.size === 0 ? hidden[0] : undefined
  if (show !== undefined) problems.push(describeCase(show.example, show.own))
  const untold = hidden.length - (show === undefined ? 0 : 1)
  if (untold > 0) {
    const ways = [...new Set(hidden.filter((one) => one !== show).map(({ own: one }) => shortly(one)))].join('; ')
    problems.push(`${untold} of ${heldBack.size} further requests that are not shown here went wrong: ${ways}.`)
  }
  return { problems, revealed: show?.example.text ?? null }
}

function describeCase(example: Example, own: Own): string {
  return `Request:\n<request>\n${example.text}\n</request>\nRight answer:\n<answer>\n${example.answer}\n</answer>\nYour tool: ${atLength(own)}`
}

function atLength(own: Own): string {
  switch (own.status) {
    case 'right':
      return 'right.'
    case 'wrong':
      return `extract returned ${clip(own.arguments)}, and solve answered ${JSON.stringify(clip(own.answer))}.`
    case 'unsteady':
      return `it gave different answers at different times: ${own.answers.map((answer) => JSON.stringify(clip(answer))).join(' and ')}.`
    case 'refused':
    case 'failed':
      return `${own.status}: ${clip(own.why)}`
  }
}

function shortly(own: Own): string {
  switch (own.status) {
    case 'right':
      return 'right'
    case 'wrong':
      return 'solve gave a wrong answer'
    case 'unsteady':
      return 'the answer differed from one run to the next'
    case 'refused':
      return 'extract refused the request'
    case 'failed':
      return own.why.split('\n').at(-1)!.slice(0, 200)
  }
}

export function clip(text: string): string {
  return text.length > 600 ? `${text.slice(0, 600)}…` : text
}
