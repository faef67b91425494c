import { type Frame, type Line, normalAnswer } from '@toolwright/contracts'
import type { KeptReply } from '@toolwright/registry'
import type { Payer, Payment } from './payer.ts'
import { answerPrompt } from './prompts.ts'

/** Temperature of the further samples that a label is voted with: they must be free to differ. */
const SAMPLE_TEMPERATURE = 0.7

/** The strong model's own answer. */
export async function answerDirectly(
  payer: Payer,
  payment: Pick<Payment, 'run' | 'kind'>,
  line: Pick<Line, 'seq' | 'text' | 'body'>,
  frame: Frame | null,
  signal: AbortSignal,
): Promise<KeptReply> {
  return await payer.pay(
    { ...payment, role: 'strong', purpose: 'answer', field: answerField(line.seq), text: line.text },
    answerPrompt(line, frame),
    signal,
  )
}

/** One more answer to the same request, to see whether they agree. `sample` from 1. */
export async function sampleAnswer(
  payer: Payer,
  payment: Pick<Payment, 'run' | 'kind'>,
  line: Pick<Line, 'seq' | 'text'>,
  frame: Frame | null,
  sample: number,
  signal: AbortSignal,
): Promise<KeptReply> {
  const prompt = answerPrompt(line, frame)
  const call =
    prompt.body === undefined
      ? { ...prompt, temperature: SAMPLE_TEMPERATURE, seed: sample }
      : { ...prompt, body: { ...prompt.body, temperature: SAMPLE_TEMPERATURE, seed: sample } }
  return await payer.pay(
    { ...payment, role: 'strong', purpose: 'label', field: labelField(line.seq, sample), text: line.text },
    call,
    signal,
  )
}

export function answerField(seq: number): string {
  return `${seq}:answer`
}

export function labelField(seq: number, sample: number): string {
  return `${seq}:label:${sample}`
}

/** Two answers are the same when they are equal in Unicode's composed form, without the space around them. */
export function sameAnswer(one: string, other: string): boolean {
  return normalAnswer(one) === normalAnswer(other)
}
