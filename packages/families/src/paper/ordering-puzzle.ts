import type { Random } from '../random.ts'

/** What must hold for an order of `objects`. Positions count from 1, or from the end as -1, -2 … */
interface OrderingClues {
  objects: readonly string[]
  before: readonly { first: string; second: string }[]
  placed: readonly { object: string; position: number }[]
}

/** All orders that the clues allow, up to `limit` of them. */
export function ordersOf(clues: OrderingClues, limit: number): string[][] {
  const { objects } = clues
  const place = (position: number) => (position > 0 ? position - 1 : objects.length + position)
  const earlier = new Map(
    objects.map((object) => [object, clues.before.filter(({ second }) => second === object).map(({ first }) => first)]),
  )
  const fixed = (object: string, at: number) => clues.placed.every((clue) => clue.object !== object || place(clue.position) === at)
  const found: string[][] = []

  const extend = (order: string[]) => {
    if (order.length === objects.length) found.push(order)
    for (const object of objects) {
      if (found.length >= limit) return
      if (order.includes(object) || !fixed(object, order.length)) continue
      if (earlier.get(object)?.every((first) => order.includes(first))) extend([...order, object])
    }
  }
  extend([])
  return found
}

/** Clues in random order, none of them to spare, that allow `order` alone. */
export function cluesFor(random: Random, order: readonly string[], deepestRank: number): OrderingClues {
  const objects = random.shuffle(order)
  const orderings = order.flatMap((first, at) => order.slice(at + 1).map((second) => ({ kind: 'before' as const, first, second })))
  const ranks = order.flatMap((object, at) =>
    [at + 1, at - order.length]
      .filter((position) => Math.abs(position) <= deepestRank)
      .map((position) => ({ kind: 'placed' as const, object, position })),
  )
  // A few ranks among many comparisons: with all the ranks in the pot a puzzle would be little more than a list.
  const pool = random.shuffle([...orderings, ...random.shuffle(ranks).slice(0, Math.ceil(order.length / 2))])
  const clues = (kept: typeof pool) => ({
    objects,
    before: kept.filter((clue) => clue.kind === 'before').map(({ first, second }) => ({ first, second })),
    placed: kept.filter((clue) => clue.kind === 'placed').map(({ object, position }) => ({ object, position })),
  })

  const kept = pool.reduce((needed, clue) => {
    const without = needed.filter((other) => other !== clue)
    return ordersOf(clues(without), 2).length === 1 ? without : needed
  }, pool)
  return clues(kept)
}
