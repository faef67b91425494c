import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'

/** Ways to welcome something: sincere about what is welcome, ironic about what is not. */
const welcomes = [
  'Oh wonderful, {}.',
  'How lovely: {}.',
  'Great news, {}!',
  'I could not be happier that {}.',
  'What a treat that {}.',
  'Well, {}, and that has made my day.',
  'Just what I was hoping for, {}.',
  'Splendid, {}.',
  'My week is perfect now that {}.',
  'I am so grateful that {}.',
  'Lucky me, {}!',
  'Nothing beats this: {}.',
]

const welcome = [
  'the doctor says my knee has healed',
  'my sister is coming home for the summer',
  'the lost dog was found unhurt',
  'our team reached the final',
  'the rain stopped before the wedding',
  'I got the job I applied for',
  'the baby slept through the night',
  'my flight was moved to a better time',
  'the bakery next door opened again',
  'they returned my wallet with all the money in it',
  'the test results are clear',
  'my grandmother turned ninety in good health',
  'the exam was easier than we feared',
  'our neighbor fixed the fence for us',
  'the first strawberries are ripe',
  'the landlord lowered the rent',
  'my best friend moved to our street',
  'the surgery went well',
  'they gave every nurse a raise',
  'the library is open on Sundays from now on',
  'my old teacher wrote me a kind letter',
  'the train arrived early for once',
  'our garden is full of butterflies',
  'the children cleaned the kitchen by themselves',
  'the vet says the cat will recover',
  'my brother stopped smoking',
  'the concert was not sold out after all',
  'we have snow for the holidays',
  'the printer works on the first try',
  'my visa was approved today',
  'the river is clean enough to swim in',
  'the mechanic found nothing wrong with the car',
]

const unwelcome = [
  'my car broke down on the motorway',
  'the dentist has to drill three teeth',
  'they lost my suitcase again',
  'the printer jammed five minutes before the deadline',
  'it has rained on every day of our holiday',
  'the upstairs neighbor bought a drum kit',
  'my phone fell into the soup',
  'the boss wants the report by midnight',
  'the only elevator is out of order and I live on the ninth floor',
  'another meeting was moved to Friday evening',
  'the milk in my coffee was sour',
  'I stepped in a puddle on the way to the interview',
  'the heating failed in January',
  'somebody parked across my driveway',
  'the update deleted all my photos',
  'the queue for the passport office is two hours long',
  'my tent has a hole right above my head',
  'they raised the price of the ticket for the third time',
  'the dog ate my passport',
  'the alarm went off at three in the morning for nothing',
  'my meal arrived cold after ninety minutes',
  'the road works start on the day I move house',
  'a pigeon chose my new jacket',
  'the bank closed my account by mistake',
  'we missed the last bus by ten seconds',
  'the hotel gave our room to somebody else',
  'my laptop died without a copy of the thesis',
  'the soup tastes of soap',
  'I have the flu on my birthday',
  'the call center put me on hold for an hour',
  'mold is growing behind the new wardrobe',
  'the tax office wants all the papers once more',
]

const patterns = { sentence: "[A-Z][A-Za-z ,:']*[.!]" }

export const irony = wordedFamily({
  name: 'irony',
  group: 'untoolable',
  nearMissOf: null,
  about: 'whether a sentence is meant ironically',
  wordings: [
    wording('Is the following sentence ironic? Answer yes or no.\n"{sentence}"', patterns),
    wording('Someone posts: "{sentence}" Do they mean the opposite of what they say? Reply with yes or no.', patterns),
    wording('Label this remark for irony, with yes where it is ironic and no where it is sincere: {sentence}', patterns),
  ],
  compose: (random) => {
    const isIronic = random.chance(0.5)
    const event = random.pick(isIronic ? unwelcome : welcome)
    return { slots: { sentence: random.pick(welcomes).replace('{}', event) }, target: isIronic ? 'yes' : 'no' }
  },
  understand: ({ sentence = '' }) => (judgementOf(sentence) === null ? null : { sentence }),
  solve: (values) => {
    const judgement = judgementOf(textOf(values['sentence'], 'sentence'))
    if (judgement === null) throw new RangeError('nobody has judged this sentence')
    return judgement
  },
})

function judgementOf(sentence: string): 'yes' | 'no' | null {
  for (const frame of welcomes) {
    const [start = '', end = ''] = frame.split('{}')
    if (!sentence.startsWith(start) || !sentence.endsWith(end)) continue
    const event = sentence.slice(start.length, sentence.length - end.length)
    if (unwelcome.includes(event)) return 'yes'
    if (welcome.includes(event)) return 'no'
  }
  return null
}
