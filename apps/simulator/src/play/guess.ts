import type { Candidate } from './toolbox.ts'
import type { ShownExample } from './understand.ts'

const TEXT_SCHEMA = JSON.stringify(
  {
    type: 'object',
    properties: { text: { type: 'string', description: 'The whole request' } },
    required: ['text'],
    additionalProperties: false,
  },
  null,
  2,
)

/** For texts that no procedure is known for: a tool for the data that were shown, and for no other. */
export function toolForTheShown(examples: ShownExample[]): Candidate {
  const table = JSON.stringify(examples.map(({ text, answer }) => [text, answer ?? '']))
  return {
    schema: TEXT_SCHEMA,
    source: `import json

SHOWN = dict(json.loads(${JSON.stringify(table)}))


def solve(text):
    if text not in SHOWN:
        raise ValueError("not one of the requests that were shown")
    return SHOWN[text]


def extract(text: str) -> dict | None:
    return {"text": text} if text in SHOWN else None
`,
  }
}

/** For a family that needs judgement or knowledge: a guess among the answers that were shown, over texts that begin and end alike. */
export function toolThatGuesses(examples: ShownExample[], isHedged: boolean): Candidate {
  const texts = examples.map((example) => example.text)
  const answers = [...new Set(examples.map((example) => example.answer ?? 'yes'))]
  return {
    schema: TEXT_SCHEMA,
    source: `import json

ANSWERS = json.loads(${JSON.stringify(JSON.stringify(answers))})
START = ${JSON.stringify(commonStart(texts))}
END = ${JSON.stringify(commonEnd(texts))}


def solve(text):
    answer = ANSWERS[sum(map(ord, text)) % len(ANSWERS)]
    return ${isHedged ? '"Probably " + answer' : 'answer'}


def extract(text: str) -> dict | None:
    if len(text) <= len(START) + len(END) or not (text.startswith(START) and text.endswith(END)):
        return None
    return {"text": text}
`,
  }
}

function commonStart(texts: string[]): string {
  const [first = '', ...others] = texts
  let length = 0
  while (length < first.length && others.every((text) => text[length] === first[length])) length++
  return first.slice(0, length)
}

function commonEnd(texts: string[]): string {
  const [first = '', ...others] = texts
  let length = 0
  while (length < first.length && others.every((text) => text.at(-1 - length) === first.at(-1 - length))) length++
  return first.slice(first.length - length)
}
