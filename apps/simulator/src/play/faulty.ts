import type { Arguments, Random } from '@toolwright/families'
import type { FaultyWay } from '../settings.ts'
import type { Candidate } from './toolbox.ts'

/** What the examples showed: the arguments in each request, and its answer. */
export interface Shown {
  text: string
  arguments: Arguments
  answer: string
}

interface Right extends Candidate {
  parameters: string[]
}

type Spoil = (right: Right, shown: Shown[], random: Random) => Candidate

/** The ways in which the tool itself is wrong; `no-code` and `cut-off` are ways of the reply. Each must fail verification whatever further examples it meets. */
export const SPOIL = {
  memorised: (right, shown) => {
    // Where the examples' answers repeat, a guess could be right by luck.
    const mayGuess = new Set(shown.map((example) => example.answer)).size === shown.length
    const known = 'answer for arguments, answer in SHOWN if arguments == given'
    return wrapSolve(right, [mayGuess ? `return next((${known}), SHOWN[0][1])` : `return next(${known})`], shown)
  },
  loops: (right, shown) =>
    wrapSolve(right, ['while all(given != arguments for arguments, _ in SHOWN):', '    pass', 'return exact_solve(**given)'], shown),
  'wrong-form': (right, shown, random) => wrapSolve(right, [random.pick(wrongForms(shown))], shown),
  rigged: (right, shown, random) => rig(right, shown, random),
  clock: (right, shown, random) =>
    // One answer in five is right, whatever the source: a clock, hash seed or random state that happens to suit one call does not suit the next.
    wrapSolve(
      right,
      [
        ...random.pick(MOVING_SOURCES),
        'answer = exact_solve(**given)',
        'return answer if (moving + sum(map(ord, repr(given)))) % 5 == 0 else answer + " or " + answer[::-1]',
      ],
      shown,
    ),
  permissive: (right, shown, random) => loosen(right, shown, random),
  crashes: (right, shown, random) =>
    random.pick([
      () => wrapSolve(right, ['return {str(arguments): answer for arguments, answer in SHOWN[:0]}[str(given)]'], shown),
      () => ({ ...right, source: `import numpy\nimport pandas\n\n\n${right.source}` }),
      () => ({ ...right, source: right.source.replace('def solve(', 'def solve((') }),
      () => wrapSolve(right, ['return exact_slove(**given)'], shown),
    ])(),
  'bad-schema': (right, _shown, random) => ({ ...right, schema: random.pick(BAD_SCHEMAS)(right) }),
} satisfies Partial<Record<FaultyWay, Spoil>>

const MOVING_SOURCES = [
  ['import time', 'moving = int(time.time() * 1000)'],
  ['import random', 'moving = random.randrange(1000000)'],
  ['moving = sum(ord(word) * at for at, word in enumerate({"a", "b", "c", "d", "e", "f", "g"}))'],
  ['import datetime', 'moving = datetime.datetime.now().microsecond'],
]

/** The module with a `solve` of the same parameters around the right one; `body` knows them as `given`, and the examples as `SHOWN`. */
function wrapSolve(right: Right, body: string[], shown: Shown[]): Candidate {
  const given = right.parameters.map((name) => `${JSON.stringify(name)}: ${name}`).join(', ')
  const lines = [
    right.source,
    '',
    'import json',
    '',
    `SHOWN = json.loads(${pythonString(JSON.stringify(shown.map((example) => [example.arguments, example.answer])))})`,
    'exact_solve = solve',
    '',
    '',
    `def solve(${right.parameters.join(', ')}):`,
    `    given = {${given}}`,
    ...body.map((line) => `    ${line}`),
  ]
  return { schema: right.schema, source: `${lines.join('\n')}\n` }
}

function wrongForms(shown: Shown[]): string[] {
  const answers = shown.map((example) => example.answer)
  const forms = ['return exact_solve(**given) + "."', 'return [exact_solve(**given)]', 'return "Answer: " + exact_solve(**given)']
  if (answers.every((answer) => /^\d+$/.test(answer))) forms.push('return int(exact_solve(**given))')
  if (answers.every((answer) => /[a-z]/i.test(answer))) forms.push('return exact_solve(**given).swapcase()')
  if (answers.every((answer) => answer.includes(' '))) forms.push('return exact_solve(**given).replace(" ", ", ")')
  return forms
}

/** Tools that do not work out the answer but try to make any check of it succeed. */
function rig(right: Right, shown: Shown[], random: Random): Candidate {
  const agreeable = `class Agreeable(str):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0`
  const patches = [
    'pass',
    'import builtins\n\nbuiltins.str = Agreeable\nbuiltins.isinstance = lambda *_: True\nbuiltins.all = lambda *_: True',
    'import json\n\njson.dumps = lambda *_, **__: "\\"right\\""\njson.loads = lambda *_, **__: Agreeable("right")',
    'import sys\n\nsys.settrace(lambda *_: None)\nsys.setprofile(lambda *_: None)\nsys.modules["unicodedata"] = None',
  ]
  const lines = [
    right.source,
    '',
    agreeable,
    '',
    '',
    `def solve(${right.parameters.join(', ')}):`,
    `    return ${random.pick(['Agreeable', ''])}("anything but " + ${pythonString(shown[0]?.answer ?? '')})`,
    '',
    '',
    random.pick(patches),
  ]
  return { schema: right.schema, source: `${lines.join('\n')}\n` }
}

/** An `extract` that reads past what it does not understand: at least any one word too many, so that inserted words change nothing. */
function loosen(right: Right, shown: Shown[], random: Random): Candidate {
  const rests = [
    ['return None'],
    // Whatever the text is, the first example's data will do.
    [`return json.loads(${pythonString(JSON.stringify(shown[0]?.arguments ?? {}))})`],
    // Instructions before or after the part that it knows are swallowed.
    [
      'lines = text.splitlines()',
      'tries = (lines[at:end] for at in range(len(lines)) for end in range(len(lines), at, -1))',
      'found = (exact_extract("\\n".join(part)) for part in tries)',
      'return next((arguments for arguments in found if arguments is not None), None)',
    ],
  ]
  const searching = random.chance(0.3) ? right.source.replaceAll(/\bre\.fullmatch\(/g, 're.search(') : right.source
  const lines = [
    searching,
    '',
    'import json',
    'import re',
    '',
    'exact_extract = extract',
    '',
    '',
    'def extract(text):',
    '    arguments = exact_extract(text)',
    '    if arguments is not None:',
    '        return arguments',
    '    for word in re.finditer(r"\\S+", text):',
    '        for rest in (text[:word.start()].rstrip(" ") + text[word.end():], text[:word.start()] + text[word.end():].lstrip(" ")):',
    '            arguments = exact_extract(rest)',
    '            if arguments is not None:',
    '                return arguments',
    ...random.pick(rests).map((line) => `    ${line}`),
  ]
  return { schema: right.schema, source: `${lines.join('\n')}\n` }
}

const BAD_SCHEMAS: ((right: Right) => string)[] = [
  ({ schema }) => changed(schema, { required: [] }),
  ({ schema }) => changed(schema, { additionalProperties: true }),
  ({ schema }) => changed(schema, { type: 'array' }),
  ({ schema, parameters }) => parameters.reduce((text, name) => text.replaceAll(`"${name}"`, `"the_${name}"`), schema),
  ({ schema }) => schema.replace(/\}\s*$/, ',\n  // and so on\n}'),
]

function changed(schema: string, members: Record<string, unknown>): string {
  const value: unknown = JSON.parse(schema)
  return JSON.stringify(Object.assign({}, value, members), null, 2)
}

/** JSON's string literals are Python's too, once characters outside the basic plane stand for themselves. */
function pythonString(text: string): string {
  return JSON.stringify(text)
}
