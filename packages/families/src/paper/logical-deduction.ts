import type { Arguments } from '../family.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { type Slots, wording } from '../wording.ts'
import { listed } from './listing.ts'
import { answerAt, optionLines, optionsPattern, readOptions, readOptionValues } from './options.ts'
import { cluesFor, ordersOf } from './ordering-puzzle.ts'
import { type OrderingScene, orderingScenes } from './ordering-scenes.ts'

const counts = new Map([
  ['three', 3],
  ['five', 5],
  ['seven', 7],
])
const patterns = { count: 'three|five|seven', puzzle: String.raw`[A-Z][^\n]+\.`, options: optionsPattern }

export const logicalDeduction = wordedFamily({
  name: 'logical-deduction',
  group: 'paper',
  nearMissOf: null,
  about: 'an order deduced from clues',
  wordings: [
    wording(
      'The following paragraphs each describe a set of {count} objects arranged in a fixed order. ' +
        'The statements are logically consistent within each paragraph. {puzzle}\nOptions:\n{options}',
      patterns,
    ),
    wording(
      'Work out the only order that fits all of these clues. {puzzle} Which of the claims below must then be true?\n{options}',
      patterns,
    ),
    wording(
      'Here is a small puzzle with {count} things in a row. {puzzle}\nOnly one choice is correct; answer with its letter.\nChoices:\n{options}',
      patterns,
    ),
  ],
  compose: (random) => {
    const scene = random.pick(orderingScenes)
    const [count, size] = random.pick([...counts])
    const order = random.shuffle(scene.things).slice(0, size)
    const { objects, before, placed } = cluesFor(random, order, Math.floor((size + 1) / 2))
    const statements = random.shuffle([
      ...before.map(({ first, second }) =>
        random.chance(0.5) ? compare(scene, first, scene.before, second) : compare(scene, second, scene.after, first),
      ),
      ...placed.map(({ object, position }) => rank(scene, object, position)),
    ])
    const asked = random.between(0, size - 1)
    const position = asked < size / 2 ? asked + 1 : asked - size
    const claimed = random.shuffle(objects)
    const slots = {
      count,
      puzzle: `${scene.opening(count)}${listed(objects.map(scene.listed))}. ${statements.map((statement) => `${statement}.`).join(' ')}`,
      options: optionLines(claimed.map((object) => rank(scene, object, position))),
    }
    return { slots, target: answerAt(claimed.indexOf(order[asked] ?? '')) }
  },
  understand: readPuzzle,
  solve: (values) => {
    const objects = listOf(values['objects'], 'objects', textOf)
    const before = listOf(values['before'], 'before', (item, at) => {
      const fields = fieldsOf(item, at)
      return { first: textOf(fields['first'], at), second: textOf(fields['second'], at) }
    })
    const placed = listOf(values['placed'], 'placed', readRank)
    const options = readOptionValues(values['options'], readRank)
    const named = [
      ...before.flatMap(({ first, second }) => [first, second]),
      ...[...placed, ...options.map(({ claim }) => claim)].map(({ object }) => object),
    ]
    if (!named.every((object) => objects.includes(object))) throw new RangeError('a clue or an option names an unknown object')
    const orders = ordersOf({ objects, before, placed }, 2)
    if (orders.length !== 1) throw new RangeError('the clues do not allow exactly one order')
    const right = options.filter(({ claim }) => orders[0]?.at(claim.position > 0 ? claim.position - 1 : claim.position) === claim.object)
    if (right.length !== 1) throw new RangeError('not exactly one option is right')
    return `(${right[0]?.label})`
  },
})

function readRank(item: unknown, name: string): { object: string; position: number } {
  const fields = fieldsOf(item, name)
  return { object: textOf(fields['object'], name), position: numberOf(fields['position'], name) }
}

function compare(scene: OrderingScene, subject: string, relation: string, other: string): string {
  return `${capital(scene.subject(subject))} ${relation} ${scene.subject(other)}`
}

function rank(scene: OrderingScene, object: string, position: number): string {
  const words = [...scene.ranks].find(([, at]) => at === position)?.[0]
  if (words === undefined) throw new RangeError(`the scene has no words for position ${position}`)
  return `${capital(scene.subject(object))} ${words}`
}

function readPuzzle(slots: Slots): Arguments | null {
  const puzzle = slots['puzzle'] ?? ''
  for (const scene of orderingScenes) {
    for (const [count, size] of counts) {
      if (!puzzle.startsWith(scene.opening(count)) || (slots['count'] ?? count) !== count) continue
      const [list = '', ...statements] = puzzle.slice(scene.opening(count).length, -1).split('. ')
      const objects = scene.things.filter((thing) => list.split(/, (?:and )?/).includes(scene.listed(thing)))
      const inOrder = list.split(/, (?:and )?/).map((part) => objects.find((thing) => scene.listed(thing) === part))
      if (objects.length !== size || inOrder.length !== size) return null
      return readClaims(
        scene,
        inOrder.filter((thing) => thing !== undefined),
        statements,
        slots['options'] ?? '',
      )
    }
  }
  return null
}

function readClaims(scene: OrderingScene, objects: string[], statements: string[], optionText: string): Arguments | null {
  const before: { first: string; second: string }[] = []
  const placed: { object: string; position: number }[] = []
  for (const statement of statements) {
    const claim = readClaim(scene, objects, statement)
    if (!claim) return null
    if ('first' in claim) before.push(claim)
    else placed.push(claim)
  }
  const options: { label: string; object: string; position: number }[] = []
  for (const { label, claim: text } of readOptions(optionText) ?? []) {
    const claim = readClaim(scene, objects, text)
    if (!claim || 'first' in claim) return null
    options.push({ label, ...claim })
  }
  return options.length > 0 ? { objects, before, placed, options } : null
}

function readClaim(
  scene: OrderingScene,
  objects: readonly string[],
  text: string,
): { first: string; second: string } | { object: string; position: number } | null {
  for (const object of objects) {
    const subject = `${capital(scene.subject(object))} `
    if (!text.startsWith(subject)) continue
    const predicate = text.slice(subject.length)
    const position = scene.ranks.get(predicate)
    if (position !== undefined) return { object, position }
    for (const other of objects) {
      if (predicate === `${scene.before} ${scene.subject(other)}`) return { first: object, second: other }
      if (predicate === `${scene.after} ${scene.subject(other)}`) return { first: other, second: object }
    }
  }
  return null
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
