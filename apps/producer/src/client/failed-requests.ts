import type { FailedLine, Registry } from '@toolwright/registry'
import { Readable } from 'node:stream'

/** The requests of a run that failed for good, as lines of an input: each is the request that it was, under its own id. */
export function failedRequests({ failures }: Registry, run: string): Readable {
  return Readable.from(linesOf(failures.read(run)), { objectMode: false })
}

async function* linesOf(failed: AsyncIterable<FailedLine>): AsyncGenerator<Buffer> {
  for await (const one of failed) yield Buffer.from(`${JSON.stringify(requestOf(one))}\n`)
}

export function requestOf({ line, frame }: FailedLine): object {
  const { customId, text, body, target, kindName } = line
  const ours = { ...(kindName !== undefined && { kind: kindName }), ...(target !== undefined && { target }) }
  if (body === undefined && frame === null) return { id: customId, input: text, ...ours }
  const whole = body ?? {
    messages: [...(frame?.messages ?? []), { role: 'user', content: text }],
    ...(frame?.response_format !== undefined && { response_format: frame.response_format }),
    ...(frame?.stop !== undefined && { stop: frame.stop }),
  }
  return { custom_id: customId, body: whole, toolwright: ours }
}
