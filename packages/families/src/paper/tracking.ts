import type { Arguments } from '../family.ts'
import type { Random } from '../random.ts'
import { fieldsOf, listOf, textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { type Slots, wording } from '../wording.ts'
import { listed, withArticle } from './listing.ts'
import { answerAt, optionLines, optionsPattern, readOptions, readOptionValues } from './options.ts'

const names =
  'Alice Bob Claire Dave Eve Fred Gertrude Harold Ingrid Jack Karen Louis Mary Norman Olivia Peter Quentin Rachel Simon Tracy Ursula Victor Wendy'.split(
    ' ',
  )
const colors = 'pink orange white black red yellow green blue brown purple'.split(' ')
const thingNames = ['ball', 'present']

const name = '[A-Z][a-z]+'
const thing = '[a-z]+ [a-z]+'
const patterns = {
  people: `${name}(?:, ${name})*, and ${name}`,
  person: name,
  holdings: `${name} [a-z]+ an? ${thing}(?:, ${name} [a-z]+ an? ${thing})*, and ${name} [a-z]+ an? ${thing}`,
  brought: `an? ${thing} by ${name}(?:, an? ${thing} by ${name})*`,
  swaps: String.raw`${name} and ${name} swap their gifts\.(?: (?:Then|Finally), ${name} and ${name} swap their gifts\.)*`,
  trades: `${name} with ${name}(?:, ${name} with ${name})*`,
  exchanges: `${name} and ${name}(?:; ${name} and ${name})*`,
  options: optionsPattern,
}

export const tracking = wordedFamily({
  name: 'tracking',
  group: 'paper',
  nearMissOf: null,
  about: 'who holds what after things were swapped',
  wordings: [
    wording(
      '{people} are holding a white elephant gift exchange. At the start of the event, they are each holding a present of a different color: {holdings}. ' +
        'As the event progresses, pairs of people swap gifts. First, {swaps} At the end of the event, {person} has the\nOptions:\n{options}',
      patterns,
    ),
    wording(
      'Gifts go around among {people}. To begin with, {holdings}. They then trade two at a time: {trades}. ' +
        'When all the trades are done, what does {person} hold?\n{options}',
      patterns,
    ),
    wording(
      'Follow the exchange and say which thing {person} takes home. Brought along were {brought}. Exchanges, in this order: {exchanges}.\nChoices:\n{options}',
      patterns,
    ),
  ],
  compose: (random, index) => {
    const { people, things, swaps, person, options, target } = someExchange(random)
    const held = people.map((holder, at) => ({ holder, thing: withArticle(things[at] ?? '') }))
    const verb = index === 0 ? 'has' : 'holds'
    const slots = {
      people: listed(people),
      person,
      holdings: listed(held.map((pair) => `${pair.holder} ${verb} ${pair.thing}`)),
      brought: held.map((pair) => `${pair.thing} by ${pair.holder}`).join(', '),
      swaps: swaps
        .map(
          ([first, second], at) =>
            `${at === 0 ? '' : at === swaps.length - 1 ? 'Finally, ' : 'Then, '}${first} and ${second} swap their gifts.`,
        )
        .join(' '),
      trades: swaps.map((pair) => pair.join(' with ')).join(', '),
      exchanges: swaps.map((pair) => pair.join(' and ')).join('; '),
      options: optionLines(options),
    }
    return { slots, target }
  },
  understand: readExchange,
  solve: (values) => {
    const start = listOf(values['start'], 'start', (item, at) => {
      const fields = fieldsOf(item, at)
      return { person: textOf(fields['person'], at), item: textOf(fields['item'], at) }
    })
    const swaps = listOf(values['swaps'], 'swaps', (item, at) => {
      const fields = fieldsOf(item, at)
      return [textOf(fields['first'], at), textOf(fields['second'], at)] as const
    })
    const held = new Map(start.map(({ person, item }) => [person, item]))
    for (const [first, second] of swaps) {
      const items = [held.get(first), held.get(second)] as const
      if (items[0] === undefined || items[1] === undefined) throw new RangeError(`${first} or ${second} holds nothing`)
      held.set(first, items[1]).set(second, items[0])
    }
    const last = held.get(textOf(values['person'], 'person'))
    const right = readOptionValues(values['options'], (fields, at) => textOf(fields['item'], at)).filter((option) => option.claim === last)
    if (right.length !== 1) throw new RangeError('not exactly one option is right')
    return `(${right[0]?.label})`
  },
})

function someExchange(random: Random) {
  const count = random.pick([3, 5, 7])
  const people = random.shuffle(names).slice(0, count)
  const things = random
    .shuffle(colors)
    .slice(0, count)
    .map((color) => `${color} ${random.pick(thingNames)}`)
  const places = [...people.keys()]
  // places[i] is where the thing that person i holds now came from.
  const swaps = places.map(() => {
    const [first = 0, second = 0] = random.shuffle([...people.keys()])
    ;[places[first], places[second]] = [places[second] ?? 0, places[first] ?? 0]
    return [people[first] ?? '', people[second] ?? ''] as const
  })
  const asked = random.between(0, count - 1)
  const options = random.shuffle(things)
  return {
    people,
    things,
    swaps,
    person: people[asked] ?? '',
    options,
    target: answerAt(options.indexOf(things[places[asked] ?? 0] ?? '')),
  }
}

function readExchange(slots: Slots): Arguments | null {
  const start = slots['holdings'] === undefined ? readBrought(slots['brought'] ?? '') : readHoldings(slots['holdings'])
  const swapped = slots['swaps'] ?? slots['trades'] ?? slots['exchanges'] ?? ''
  const swaps = [...swapped.matchAll(/([A-Z][a-z]+) (?:and|with) ([A-Z][a-z]+)/g)].map(([, first, second]) => ({ first, second }))
  const options = readOptions(slots['options'] ?? '')
  if (!options) return null
  const people = new Set(start.map((pair) => pair.person))
  if (people.size !== start.length) return null
  if (slots['people'] !== undefined && listed([...people]) !== slots['people']) return null
  if (
    ![slots['person'], ...swaps.flatMap((swap) => [swap.first, swap.second])].every((person) => person !== undefined && people.has(person))
  )
    return null
  const items = new Set(start.map((pair) => pair.item))
  if (!options.every((option) => items.has(option.claim))) return null
  return { start, swaps, person: slots['person'], options: options.map(({ label, claim }) => ({ label, item: claim })) }
}

function readHoldings(text: string): { person: string; item: string }[] {
  return text.split(/, (?:and )?/).map((part) => {
    const [person = '', , , ...item] = part.split(' ')
    return { person, item: item.join(' ') }
  })
}

function readBrought(text: string): { person: string; item: string }[] {
  return text.split(', ').map((part) => {
    const [item = '', person = ''] = part.split(' by ')
    return { person, item: item.replace(/^an? /, '') }
  })
}
