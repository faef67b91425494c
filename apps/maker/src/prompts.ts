import type { Example } from '@toolwright/contracts'
import { type PromptFile, renderMessages, splitPrompt } from '@toolwright/answering'
import { type ChatMessage, loadPrompt, type ModelCall, renderPrompt } from '@toolwright/llm'

/** LATM's setting for the tool maker (arXiv 2305.17126, section 4.1). */
const TEMPERATURE = 0.3
const MAX_PROPOSAL_TOKENS = 8_192

const propose: PromptFile = splitPrompt(loadPrompt(new URL('../prompts/propose.md', import.meta.url)))
const repair = loadPrompt(new URL('../prompts/repair.md', import.meta.url))

/** Asks for a tool, from a few requests with their answers. `turns`: earlier replies, each with what was wrong with it. */
export function proposePrompt(
  shown: Pick<Example, 'text' | 'answer'>[],
  turns: { reply: string; problems: string[] }[],
  seed: number,
): ModelCall {
  const examples = shown.map(
    (one, at) => `# Example ${at + 1}\n\nRequest:\n<request>\n${one.text}\n</request>\n\nAnswer:\n<answer>\n${one.answer}\n</answer>`,
  )
  const messages: ChatMessage[] = renderMessages(propose, {}, { examples: examples.join('\n\n') })
  for (const { reply, problems } of turns) {
    messages.push({ role: 'assistant', content: reply })
    messages.push({ role: 'user', content: renderPrompt(repair, { problems: problems.join('\n\n') }) })
  }
  return { messages, temperature: TEMPERATURE, maxTokens: MAX_PROPOSAL_TOKENS, seed }
}
