import type { ModelCall } from '@toolwright/llm'
import { expect, test } from 'vitest'
import { proposePrompt, proposeUnansweredPrompt } from './prompts.ts'

const SHOWN = [
  { text: 'Sort the following words alphabetically: List: oven costume counterpart', answer: 'costume counterpart oven' },
  { text: 'Sort the following words alphabetically: List: syndrome therefrom', answer: 'syndrome therefrom' },
  { text: 'Sort the following words alphabetically: List: pear {{examples}} fig', answer: 'fig pear {{examples}}' },
]
const TURN = {
  reply: 'The words are the data.\n\n(two blocks)',
  problems: ['For a request, solve raised ValueError: no words.', 'extract accepted a request that asks for something else.'],
}

/** What the model gets, to be read by people: prompts/rendered/ holds each prompt as it is sent. */
function readable({ messages, ...settings }: ModelCall): string {
  const turns = messages.map(({ role, content }) => `===== ${role} =====\n\n${content}\n`)
  return `${turns.join('\n')}\n===== settings =====\n\n${JSON.stringify(settings, null, 2)}\n`
}

test.each([
  ['propose', proposePrompt(SHOWN, [], 1)],
  ['repair', proposePrompt(SHOWN.slice(0, 1), [TURN], 2)],
  ['propose-unanswered', proposeUnansweredPrompt(SHOWN.slice(0, 2), 1)],
])('the rendered prompt: %s', async (name, call) => {
  await expect(readable(call)).toMatchFileSnapshot(`../prompts/rendered/${name}.md`)
})

test('a repair goes on where the proposal ended, so that its beginning is cached', () => {
  const first = proposePrompt(SHOWN, [], 1)
  const second = proposePrompt(SHOWN, [TURN], 1)
  const third = proposePrompt(SHOWN, [TURN, TURN], 1)
  expect(second.messages.slice(0, first.messages.length)).toEqual(first.messages)
  expect(third.messages.slice(0, second.messages.length)).toEqual(second.messages)
  expect(third.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user', 'assistant', 'user'])
})
