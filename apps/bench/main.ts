/** `npm run bench NAME`: measures, and names the machine. */
import os from 'node:os'
import { cold } from './cold.ts'
import { eight } from './eight.ts'
import { firstByte } from './first-byte.ts'
import { memory } from './memory.ts'
import { neighbour } from './neighbour.ts'
import { newest } from './newest.ts'
import { restart } from './restart.ts'
import { wake } from './wake.ts'
import { warm } from './warm.ts'

const benches: Record<string, { asks: string; run: () => Promise<void> }> = {
  cold: { asks: 'how long a cold click takes with the image here, against the bare engine', run: cold },
  restart: { asks: 'how long a click on a stopped preview takes, against the bare engine', run: restart },
  eight: { asks: 'how long eight cold tags at once take, against the bare engine', run: eight },
  warm: { asks: 'how many requests a second go through Lotan, against a bare nginx', run: warm },
  'first-byte': { asks: 'how soon the waiting page begins', run: firstByte },
  wake: { asks: 'how long a click on a paused preview takes, against the bare engine', run: wake },
  newest: { asks: 'what visitors see while a tag is pushed again', run: newest },
  neighbour: { asks: 'what a visitor notices of a preview beside that takes all it can get', run: neighbour },
  memory: { asks: 'how much memory each part takes, idle', run: memory },
}

const bench = benches[process.argv[2] ?? '']
if (!bench) {
  console.error('usage: npm run bench NAME\n')
  for (const [name, { asks }] of Object.entries(benches)) console.error(`  ${name.padEnd(12)} ${asks}`)
  process.exit(2)
}
const [cpu] = os.cpus()
console.log(`${bench.asks}?`)
console.log(
  `${os.availableParallelism()} x ${cpu?.model.trim()}, Node ${process.version}, ${os.type()} ${os.release()}`,
)
await bench.run()
