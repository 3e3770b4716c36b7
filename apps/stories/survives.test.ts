/** The table of docs/operate.md, "When something fails". `survives.long.ts` has what takes minutes. */
import {
  emptyRedis,
  freeze,
  lockDatabase,
  loseRedis,
  protectDatabase,
  reboot,
  takeAway,
} from '../testing/scenarios/accidents.ts'
import { testSurvival } from '../testing/scenarios/survival.ts'

testSurvival(
  [
    { what: 'the router is killed', happens: (lotan) => lotan.killPart('router'), seen: 'nothing else' },
    { what: 'the router hangs for 3 s', happens: (lotan) => freeze(lotan, 'router', 3_000), seen: 'nothing else' },
    {
      what: 'the queue-processor is killed',
      happens: (lotan) => lotan.killPart('queue-processor'),
      seen: 'nothing else',
    },
    { what: 'the reaper is killed', happens: (lotan) => lotan.killPart('reaper'), seen: 'nothing else' },
    { what: 'the forge part is killed', happens: (lotan) => lotan.killPart('forge'), seen: 'nothing else' },
    { what: 'the shell part is killed', happens: (lotan) => lotan.killPart('shell'), seen: 'nothing else' },
    { what: 'nginx is killed', happens: (lotan) => lotan.killPart('nginx'), seen: 'lost connections' },
    { what: 'Redis is killed', happens: (lotan) => lotan.killPart('redis'), seen: 'nothing else' },
    { what: 'Redis is emptied', happens: emptyRedis, seen: 'nothing else' },
    { what: 'Redis loses its files', happens: loseRedis, seen: 'nothing else' },
    { what: 'the database is locked for 4 s', happens: (lotan) => lockDatabase(lotan, 4_000), seen: 'nothing else' },
    {
      what: 'the database cannot be written for 4 s',
      happens: (lotan) => protectDatabase(lotan, 4_000),
      seen: 'nothing else',
    },
    { what: 'the engine is away for 5 s', happens: (_lotan, engine) => takeAway(engine, 5_000), seen: 'nothing else' },
    { what: 'the engine hangs for 5 s', happens: (_lotan, engine) => engine.hang(5_000), seen: 'nothing else' },
    { what: 'the machine reboots', happens: reboot, seen: 'waits' },
  ],
  300_000,
  // The forge is away all the while: nothing listens there.
  {
    LOTAN_FORGE: 'github',
    LOTAN_FORGE_API: 'http://127.0.0.1:9',
    LOTAN_FORGE_REPOSITORY: 'team/app',
    LOTAN_FORGE_TOKEN: 't',
    LOTAN_SHELL: 'on',
  },
)
