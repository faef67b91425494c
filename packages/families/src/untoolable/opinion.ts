import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'

const activities = [
  'reading paper books',
  'working from home',
  'taking the train',
  'cooking for friends',
  'keeping a diary',
  'learning the piano',
  'running long distances',
  'playing board games',
  'watching old films',
  'eating breakfast late',
  'painting in oil',
  'growing tomatoes',
  'camping by a lake',
  'collecting stamps',
  'swimming in cold water',
  'listening to jazz',
  'writing letters by hand',
  'cycling to the office',
  'baking bread',
  'going to museums',
  'sleeping at noon',
  'singing in a choir',
  'fixing old radios',
  'drinking tea without sugar',
]
const settings = [
  '',
  ' in winter',
  ' on a holiday',
  ' with small children',
  ' when you are over sixty',
  ' as a student',
  ' on a tight budget',
  ' after a long day',
  ' in a big city',
]

const patterns = { topic: '[a-z]+(?: [a-z]+)+' }

export const opinion = wordedFamily({
  name: 'opinion',
  group: 'untoolable',
  nearMissOf: null,
  about: 'what one thinks of something, where no answer is the right one',
  wordings: [
    wording('What do you think about {topic}? Two sentences are enough.', patterns),
    wording('Tell me honestly how you feel about {topic}, and why.', patterns),
    wording('People around me argue about {topic}. Which side are you on?', patterns),
    wording('Give me your personal view on {topic}: is it worth it?', patterns),
  ],
  compose: (random) => ({ slots: { topic: random.pick(activities) + random.pick(settings) }, target: null }),
  understand: ({ topic = '' }) => {
    const activity = activities.find((known) => topic.startsWith(known))
    return activity !== undefined && settings.includes(topic.slice(activity.length)) ? { topic } : null
  },
  solve: () => null,
})
