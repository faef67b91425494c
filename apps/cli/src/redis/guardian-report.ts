import { z } from 'zod'

/** What a guardian tells the process that started it. */
export const GuardianReport = z.discriminatedUnion('status', [
  z.object({ status: z.literal('ready') }),
  z.object({ status: z.literal('failed'), message: z.string() }),
])
export type GuardianReport = z.infer<typeof GuardianReport>
