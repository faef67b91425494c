import type { Example } from '@toolwright/contracts'
import { type PromptFile, renderMessages, splitPrompt } from '@toolwright/answering'
import { type ChatMessage, loadPrompt, type ModelCall, renderPrompt } from '@toolwright/llm'

/** LATM's setting for the tool maker (arXiv 2305.17126, section 4.1). */
const TEMPERATURE = 0.3
const MAX_PROPOSAL_TOKENS = 8_192

const propose: PromptFile = splitPrompt(loadPrompt(new URL('../prompts/propose.md', import.meta.url)))
const proposeUnanswered: PromptFile = splitPrompt(loadPrompt(new URL('../prompts/propose-unanswered.md', import.meta.url)))
const repair = loadPrompt(new URL('../prompts/repair.md', import.meta.url))

/** Asks for a tool, from a few requests with their answers. `turns`: earlier replies, each with what was wrong with it. */
export function proposePrompt(
  shown: Pick<Example, 'text' | 'answer'>[],
  turns: { reply: string; problems: string[] }[],
  seed: number,
): ModelCall {
  const messages: ChatMessage[] = renderMessages(propose, {}, { examples: renderExamples(shown, 'Answer') })
  for (const { reply, problems } of turns) {
    messages.push({ role: 'assistant', content: reply })
    messages.push({ role: 'user', content: renderPrompt(repair, { problems: problems.join('\n\n') }) })
  }
  return { messages, temperature: TEMPERATURE, maxTokens: MAX_PROPOSAL_TOKENS, seed }
}

/** Asks for a tool where no answer can be trusted: the answers shown are good for their form alone. */
export function proposeUnansweredPrompt(shown: Pick<Example, 'text' | 'answer'>[], seed: number): ModelCall {
  const messages = renderMessages(proposeUnanswered, {}, { examples: renderExamples(shown, 'An answer of the right form, perhaps wrong') })
  return { messages, temperature: TEMPERATURE, maxTokens: MAX_PROPOSAL_TOKENS, seed }
}

function renderExamples(shown: Pick<Example, 'text' | 'answer'>[], label: string): string {
  return shown
    .map(
      (one, at) => `# Example ${at + 1}\n\nRequest:\n<request>\n${one.text}\n</request>\n\n${label}:\n<answer>\n${one.answer}\n</answer>`,
    )
    .join('\n\n')
}
