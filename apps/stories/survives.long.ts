/** What `survives.test.ts` does for seconds, for a minute. */
import { freeze, lockDatabase, takeAway } from '../testing/scenarios/accidents.ts'
import { testSurvival } from '../testing/scenarios/survival.ts'

const MINUTE = 60_000

testSurvival(
  [
    {
      what: 'the engine is away for a minute',
      happens: (_lotan, engine) => takeAway(engine, MINUTE),
      seen: 'nothing else',
    },
    { what: 'the engine hangs for a minute', happens: (_lotan, engine) => engine.hang(MINUTE), seen: 'nothing else' },
    {
      what: 'the database is locked for a minute',
      happens: (lotan) => lockDatabase(lotan, MINUTE),
      seen: 'nothing else',
    },
    {
      what: 'the queue-processor hangs for a minute',
      happens: (lotan) => freeze(lotan, 'queue-processor', MINUTE),
      seen: 'nothing else',
    },
    {
      what: 'the reaper hangs for a minute',
      happens: (lotan) => freeze(lotan, 'reaper', MINUTE),
      seen: 'nothing else',
    },
    { what: 'Redis hangs for a minute', happens: (lotan) => freeze(lotan, 'redis', MINUTE), seen: 'nothing else' },
  ],
  15 * MINUTE,
)
