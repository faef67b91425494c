/**
 * Every name that is written into a trace, after OpenTelemetry's conventions for generative AI, messaging, errors and servers; what they have no name for is under `toolwright.`.
 * Texts of requests and replies are in the four attributes that the conventions keep for them, and only where they were asked for.
 */

export type SpanAttributes = Record<string, string | number | boolean | string[] | undefined>

export interface NewSpan {
  name: string
  kind: 'internal' | 'client' | 'producer' | 'consumer'
  attributes: SpanAttributes
}

/** What a job is about, as far as it says. `tool`: kind and version. */
export interface JobSubject {
  run?: string | undefined
  kind?: string | undefined
  tool?: string | undefined
  stage?: string | undefined
  lines?: number | null
}

export const ERROR_TYPE = 'error.type'

/** No text is longer, in characters: collectors refuse what is too large as a whole. */
const MAX_TEXT = 16_000

/** A worker's hold of a job: it has several where the job waits in between. */
export function holdSpan(job: JobSubject & { queue: string; jobId: string; attempt: number; waitMs: number }): NewSpan {
  return {
    name: `process ${job.queue}`,
    kind: 'consumer',
    attributes: {
      ...messaging('process', 'process', job.queue),
      'messaging.message.id': job.jobId,
      ...subject(job),
      'toolwright.job.attempt': job.attempt,
      'toolwright.job.wait_seconds': job.waitMs / 1000,
    },
  }
}

export function holdEnd(outcome: string): SpanAttributes {
  return { 'toolwright.job.outcome': outcome }
}

/** Lines are handed over: a batch begins its trace, or lines of several batches go on together. */
export function sendSpan(queue: string, about: JobSubject): NewSpan {
  return { name: `send ${queue}`, kind: 'producer', attributes: { ...messaging('send', 'send', queue), ...subject(about) } }
}

interface ModelRequest {
  model: string
  baseUrl: string
  role: string
  purpose: string
  run: string
  kind: string | null
  maxTokens: number
  temperature: number | undefined
  seed: number | undefined
  wantsJson: boolean
}

/** One call of a model, with what the client does to be understood. */
export function modelCallSpan(request: ModelRequest): NewSpan {
  const url = URL.parse(request.baseUrl)
  return {
    name: `chat ${request.model}`,
    kind: 'client',
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': providerOf(url?.hostname ?? ''),
      'gen_ai.request.model': request.model,
      'gen_ai.request.max_tokens': request.maxTokens,
      'gen_ai.request.temperature': request.temperature,
      'gen_ai.request.seed': request.seed,
      'gen_ai.output.type': request.wantsJson ? 'json' : 'text',
      'server.address': url?.hostname,
      'server.port': url === null ? undefined : Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
      'toolwright.model.role': request.role,
      'toolwright.model.purpose': request.purpose,
      ...subject({ run: request.run, kind: request.kind ?? undefined }),
    },
  }
}

interface ModelReply {
  id: unknown
  model: string
  finish: string
  tokens: { uncachedInput: number; cacheRead: number; cacheWrite: number; output: number }
  costNano: number | null
}

export function modelReplyEnd({ id, model, finish, tokens, costNano }: ModelReply): SpanAttributes {
  return {
    'gen_ai.response.id': typeof id === 'string' ? id : undefined,
    'gen_ai.response.model': model,
    'gen_ai.response.finish_reasons': [finish],
    // Cached tokens are part of the input there.
    'gen_ai.usage.input_tokens': tokens.uncachedInput + tokens.cacheRead + tokens.cacheWrite,
    'gen_ai.usage.output_tokens': tokens.output,
    'gen_ai.usage.cache_read.input_tokens': tokens.cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': tokens.cacheWrite,
    'toolwright.cost_usd': costNano === null ? undefined : costNano / 1e9,
  }
}

/** What was asked, in the form of the conventions. `messages`: of a chat-completions body, which a user may have written. */
export function promptTexts(messages: unknown): SpanAttributes {
  const all: unknown[] = Array.isArray(messages) ? messages : []
  return { 'gen_ai.input.messages': shortened(JSON.stringify(all.map(messageOf))) }
}

export function replyTexts(text: string, finish: string): SpanAttributes {
  const message = { role: 'assistant', parts: [{ type: 'text', content: text }], finish_reason: finish }
  return { 'gen_ai.output.messages': shortened(JSON.stringify([message])) }
}

/** Calls of one tool, which go into the sandbox together. */
export function executionSpan(execution: { tool: string | undefined; run: string | undefined; calls: number }): NewSpan {
  const tool = execution.tool ?? 'tool'
  return {
    name: `execute_tool ${tool}`,
    kind: 'internal',
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': tool,
      'gen_ai.tool.type': 'function',
      'toolwright.run': execution.run,
      'toolwright.execution.calls': execution.calls,
    },
  }
}

/** How many calls ended in each way. */
export function executionEnd(statuses: string[]): SpanAttributes {
  const attributes: Record<string, number> = {}
  for (const status of statuses) {
    const name = `toolwright.execution.${status.replaceAll('-', '_')}`
    attributes[name] = (attributes[name] ?? 0) + 1
  }
  return attributes
}

export function executionTexts(calls: unknown[], outcomes: unknown[]): SpanAttributes {
  return {
    'gen_ai.tool.call.arguments': shortened(JSON.stringify(calls)),
    'gen_ai.tool.call.result': shortened(JSON.stringify(outcomes)),
  }
}

/** A whole make, from when it was asked for to its end. */
export function makeSpan(make: { run: string; kind: string; generation: number; state: string; version: number }): NewSpan {
  return {
    name: `make ${make.kind}`,
    kind: 'internal',
    attributes: {
      ...subject({ run: make.run, kind: make.kind, tool: make.version === 0 ? undefined : `${make.kind}@${make.version}` }),
      'toolwright.make.generation': make.generation,
      'toolwright.make.state': make.state,
    },
  }
}

/** Of the process, beside its service's name. */
export function processAttributes(stage: string, pid: number, host: string): SpanAttributes {
  return { 'toolwright.stage': stage, 'service.instance.id': `${host}:${pid}`, 'process.pid': pid, 'host.name': host }
}

function messaging(operation: string, type: string, queue: string): SpanAttributes {
  return {
    'messaging.system': 'bullmq',
    'messaging.operation.name': operation,
    'messaging.operation.type': type,
    'messaging.destination.name': queue,
  }
}

function subject({ run, kind, tool, stage, lines }: JobSubject): SpanAttributes {
  return {
    'toolwright.run': run,
    'toolwright.kind': kind,
    'toolwright.tool': tool,
    'toolwright.step': stage,
    'messaging.batch.message_count': lines ?? undefined,
  }
}

/** Providers that the conventions have a name for, by the end of their host's name. */
const PROVIDERS: Record<string, string> = {
  'openai.azure.com': 'azure.ai.openai',
  'services.ai.azure.com': 'azure.ai.inference',
  'openai.com': 'openai',
  'anthropic.com': 'anthropic',
  'cohere.com': 'cohere',
  'deepseek.com': 'deepseek',
  'generativelanguage.googleapis.com': 'gcp.gemini',
  'aiplatform.googleapis.com': 'gcp.vertex_ai',
  'groq.com': 'groq',
  'mistral.ai': 'mistral_ai',
  'moonshot.cn': 'moonshot_ai',
  'perplexity.ai': 'perplexity',
  'x.ai': 'x_ai',
}

function providerOf(host: string): string {
  const known = Object.entries(PROVIDERS).find(([end]) => host === end || host.endsWith(`.${end}`))
  return known?.[1] ?? 'openai_compatible'
}

function messageOf(message: unknown): { role: unknown; parts: unknown[] } {
  const { role, content } = typeof message === 'object' && message !== null ? { role: undefined, content: undefined, ...message } : {}
  const parts: unknown[] = typeof content === 'string' ? [{ type: 'text', content }] : Array.isArray(content) ? content : []
  return { role, parts }
}

function shortened(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text
}
