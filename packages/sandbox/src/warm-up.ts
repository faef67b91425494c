import type { Child } from './child-process.ts'
import type { Outcome } from './outcome.ts'

/** What tools mostly do: a child compiles each part of the interpreter when it is first needed, which makes its first call some 80 ms long. */
const SOURCE = `import datetime
import decimal
import json
import math
import re
from collections import Counter, defaultdict

def extract(text):
    match = re.fullmatch(r"On (?P<date>\\d{4}-\\d\\d-\\d\\d): (?P<items>.+)\\.", text)
    if match is None:
        return None
    items = [dict(zip(("name", "price"), item.rsplit(" ", 1))) for item in re.split(r",\\s*", match["items"])]
    return {"date": match["date"], "items": items, "note": "é"}

def solve(date, items, note):
    day = datetime.datetime.strptime(date, "%Y-%m-%d").date() + datetime.timedelta(days=1)
    total = sum((decimal.Decimal(item["price"]) for item in items), decimal.Decimal(0)).quantize(decimal.Decimal("0.01"))
    by_length = defaultdict(list)
    for item in sorted(items, key=lambda item: (-len(item["name"]), item["name"])):
        by_length[len(item["name"])].append(item["name"].title())
    try:
        int("x")
    except ValueError as error:
        note += str(error)
    letters = Counter(re.sub("[^a-z]", "", json.dumps(by_length))).most_common(2)
    return f"{day:%d %B} {total:,} {letters} {math.isqrt(int(total)) / 3:.2f} {' '.join(reversed(note.split()))}"
`

const CALLS = 8

/** Runs a sample tool a few times in a child that has nothing else to do. */
export async function warmUp(child: Child): Promise<void> {
  const calls = Array.from({ length: CALLS }, (_, index) => ({ text: `On 2026-02-2${index}: tea ${index}.50, ink 1200.25.`, solve: true }))
  const outcomes: Outcome[] = []
  const batch = { source: SOURCE, calls, timeoutMs: 10_000, resetEachCall: false, reportsEachCall: true }
  await child.run(batch, performance.now() + 60_000, (outcome) => outcomes.push(outcome))
  const wrong = outcomes.find(({ status }) => status !== 'ok')
  if (wrong !== undefined || outcomes.length < CALLS) throw new Error(`a fresh sandbox child does not work: ${JSON.stringify(wrong)}`)
}
