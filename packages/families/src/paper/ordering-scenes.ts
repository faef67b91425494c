import { withArticle } from './listing.ts'

/**
 * A setting for a puzzle about an order. Position 1 is the first place, -1 the last: leftmost, finished first, cheapest, oldest come first.
 * `before`, `after` and `ranks` are what follows a thing's name in a claim.
 */
export interface OrderingScene {
  opening: (count: string) => string
  things: readonly string[]
  /** As the thing is called when the scene lists it, and as a claim's subject. */
  listed: (thing: string) => string
  subject: (thing: string) => string
  before: string
  after: string
  ranks: ReadonlyMap<string, number>
}

const ordinals = ['second', 'third', 'fourth']

const leftToRight = {
  before: 'is to the left of',
  after: 'is to the right of',
  ranks: new Map([
    ['is the leftmost', 1],
    ['is the rightmost', -1],
    ...ordinals.map((ordinal, index): [string, number] => [`is the ${ordinal} from the left`, index + 2]),
    ...ordinals.map((ordinal, index): [string, number] => [`is the ${ordinal} from the right`, -index - 2]),
  ]),
}

const withThe = (thing: string) => `the ${thing}`
const asItIs = (thing: string) => thing

export const orderingScenes: readonly OrderingScene[] = [
  {
    opening: (count) => `On a shelf, there are ${count} books: `,
    things: 'red gray white green blue orange yellow purple black brown'.split(' ').map((color) => `${color} book`),
    listed: withArticle,
    subject: withThe,
    ...leftToRight,
  },
  {
    opening: (count) => `On a branch, there are ${count} birds: `,
    things: 'quail owl raven falcon robin crow cardinal hummingbird hawk blackbird'.split(' '),
    listed: withArticle,
    subject: withThe,
    ...leftToRight,
  },
  {
    opening: (count) => `In a golf tournament, there were ${count} golfers: `,
    things: 'Ana Eve Ada Dan Rob Amy Joe Mya Eli Mel'.split(' '),
    listed: asItIs,
    subject: asItIs,
    before: 'finished above',
    after: 'finished below',
    ranks: new Map([
      ['finished first', 1],
      ['finished last', -1],
      ...ordinals.map((ordinal, index): [string, number] => [`finished ${ordinal}`, index + 2]),
      ...ordinals.map((ordinal, index): [string, number] => [`finished ${ordinal}-to-last`, -index - 2]),
    ]),
  },
  {
    opening: (count) => `A fruit stand sells ${count} fruits: `,
    things: 'watermelons apples peaches kiwis cantaloupes mangoes plums pears oranges loquats'.split(' '),
    listed: asItIs,
    subject: withThe,
    before: 'are less expensive than',
    after: 'are more expensive than',
    ranks: new Map([
      ['are the cheapest', 1],
      ['are the most expensive', -1],
      ...ordinals.map((ordinal, index): [string, number] => [`are the ${ordinal}-cheapest`, index + 2]),
      ...ordinals.map((ordinal, index): [string, number] => [`are the ${ordinal}-most expensive`, -index - 2]),
    ]),
  },
  {
    opening: (count) => `In an antique car show, there are ${count} vehicles: `,
    things: 'bus motorcycle hatchback sedan minivan truck limousine convertible tractor wagon'.split(' '),
    listed: withArticle,
    subject: withThe,
    before: 'is older than',
    after: 'is newer than',
    ranks: new Map([
      ['is the oldest', 1],
      ['is the newest', -1],
      ...ordinals.map((ordinal, index): [string, number] => [`is the ${ordinal}-oldest`, index + 2]),
      ...ordinals.map((ordinal, index): [string, number] => [`is the ${ordinal}-newest`, -index - 2]),
    ]),
  },
]
