export { families, familyNamed, recognise } from './families.ts'
export type { Arguments, Family, Recognised, Sample } from './family.ts'
export { type Random, seededRandom } from './random.ts'
export { generateStream, type StreamLine, type StreamOptions } from './stream.ts'
