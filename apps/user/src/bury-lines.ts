import type { Failed } from '@toolwright/answering'
import type { KindId, Line } from '@toolwright/contracts'
import { ModelError } from '@toolwright/llm'
import { HopelessError } from '@toolwright/queues'
import type { Services } from './services.ts'

/** Ends lines that cannot be answered with an error line each: dead letters. */
export async function buryLines({ finisher }: Services, run: string, kind: KindId | null, lines: Line[], error: Error): Promise<void> {
  const code =
    error instanceof HopelessError ? error.code : error instanceof ModelError ? error.kind.replaceAll('-', '_') : 'internal_error'
  await finisher.finish(
    run,
    lines.map((line): Failed => ({ status: 'failed', line, kind, statusCode: 0, code, message: error.message, fields: [] })),
  )
}
