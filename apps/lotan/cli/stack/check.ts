/** `lotan stack check FILE`. */
import '../../../shared/stack/read/yaml-bundled.ts'
import fs from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { readApiConfig, readStackImages } from '../../../shared/config/config.ts'
import { startRows } from '../../../shared/stack/order.ts'
import { readStack } from '../../../shared/stack/read-stack.ts'
import { problemText, type Part, type Stack } from '../../../shared/stack/stack.ts'
import { exit, UsageError } from '../command.ts'
import { openConsole } from '../../console.ts'
import { openOutput } from '../output.ts'
import { tableOf, type Column } from '../table/table.ts'

/** @returns the exit status: 0 only for a file that can be used */
export async function checkStack(file: string, { json }: { json?: true }): Promise<number> {
  const images = readStackImages()
  const read = readStack(await textOf(file), images)
  const colours = readApiConfig()
  const output = openOutput(process.stdout, colours)
  const say = openConsole(process.stderr, colours)
  const problems = 'stack' in read ? [] : read.problems
  const found = 'stack' in read ? read.stack : null
  if (json) {
    const steps = found && [...startRows(found), [found.app.name]]
    const said = { usable: found !== null, problems, imagesChecked: images !== null, steps, stack: found }
    output.print(`${JSON.stringify(said, null, 2)}\n`)
  } else if (found) {
    const screen = { width: output.width(), paint: output.paint }
    output.print(`${[...tableOf(columns, rowsOf(found), screen), '', ...volumeLines(found)].join('\n').trim()}\n`)
    const rest = images ? '' : '; its images are not checked: LOTAN_STACK_IMAGES and REPOSITORY are not set'
    say(`${named(file)} can be used as a stack${rest}`, 'good')
  } else {
    output.print(problems.map((problem) => `${problemText(problem)}\n`).join(''))
    say(`${named(file)} cannot be used as a stack`, 'bad')
  }
  return found ? exit.done : exit.usage
}

async function textOf(file: string): Promise<string> {
  try {
    return (file === '-' ? await buffer(process.stdin) : await fs.readFile(file)).toString()
  } catch (error) {
    throw new UsageError(`${named(file)} cannot be read: ${(error as Error).message}`)
  }
}

function named(file: string): string {
  return file === '-' ? 'the standard input' : file
}

interface Row {
  step: number
  part: Part
  image: string
}

/** In the order in which they start; those of one step start side by side. */
function rowsOf(stack: Stack): Row[] {
  const rows = startRows(stack)
  const services = rows.flatMap((names, i) =>
    stack.services.filter(({ name }) => names.includes(name)).map((part) => ({ step: i + 1, part, image: part.image })),
  )
  return [...services, { step: rows.length + 1, part: stack.app, image: "the tag's own" }]
}

const conditions = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'ended with 0',
} as const

/** Where the stack gives no limit, the server's own counts. */
const columns: Column<Row>[] = [
  { head: 'STEP', cell: ({ step }) => String(step) },
  { head: 'NAME', cell: ({ part }) => part.name },
  { head: 'IMAGE', cell: ({ image }) => image, least: 16 },
  {
    head: 'WAITS FOR',
    cell: ({ part }) =>
      Object.entries(part.dependsOn)
        .map(([name, condition]) => `${name} ${conditions[condition]}`)
        .join(', '),
    least: 12,
  },
  { head: 'MEMORY', cell: ({ part }) => part.memory ?? "the server's", rank: 2 },
  { head: 'CPUS', cell: ({ part }) => String(part.cpus ?? "the server's"), rank: 2 },
  { head: 'PIDS', cell: ({ part }) => String(part.pids ?? "the server's"), rank: 1 },
]

function volumeLines({ volumes }: Stack): string[] {
  return volumes.map(({ name, keep, onPush, from }) => {
    const kept = keep === null ? 'LOTAN_DATA_DAYS' : words(keep)
    const facts = [
      `kept for ${kept} after the last use`,
      ...(onPush === 'reset' ? ['emptied by each push'] : []),
      ...(from === null ? [] : [`begins with the snapshot ${from}`]),
    ]
    return `volume ${name}: ${facts.join(', ')}`
  })
}

function words(ms: number): string {
  const hours = ms / 3_600_000
  return hours >= 48 ? `${Number((hours / 24).toFixed(1))} days` : `${Number(hours.toFixed(1))} h`
}
