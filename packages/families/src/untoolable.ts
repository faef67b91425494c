import type { Family } from './family.ts'
import { irony } from './untoolable/irony.ts'
import { opinion } from './untoolable/opinion.ts'
import { worldKnowledge } from './untoolable/world-knowledge.ts'

export const untoolableFamilies: readonly Family[] = [opinion, irony, worldKnowledge]
