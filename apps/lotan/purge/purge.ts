/** `lotan purge`: everything of one instance leaves the machine. Harmless twice. */
import fs from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { readFoundConfig, type Config } from '../../shared/config/config.ts'
import { EngineError, openEngine } from '../../shared/engine/engine.ts'
import { exit, Failure, UsageError } from '../cli/command.ts'
import { openOutput, type Output } from '../cli/output.ts'
import { tableOf } from '../cli/table/table.ts'
import { displayPath, openConsole, type Say } from '../console.ts'
import { takeLocks } from '../supervisor/lock.ts'
import { readRunFile } from '../supervisor/run-file.ts'
import { inventory, type Thing } from './inventory.ts'

const AT_ONCE = 8

export interface PurgeOptions {
  data?: true
  yes?: true
  json?: true
  /** Of a Lotan whose data directory is lost. */
  instance?: string
}

interface Result extends Pick<Thing, 'kind' | 'name'> {
  end: 'removed' | 'left' | 'failed'
  why?: string
}

export async function purge(options: PurgeOptions): Promise<number> {
  const found = readFoundConfig()
  const say = openConsole(process.stderr, found)
  const output = openOutput(process.stdout, found)
  const instance = options.instance ?? found.instance
  if (!/^([0-9a-f]{8})?$/.test(instance)) throw new UsageError('--instance is 8 hexadecimal digits')
  const isHere = instance === found.instance
  if (options.data && !isHere) throw new UsageError('--data is for the data directory of this instance, not of another')
  if (instance === '') {
    say(`no Lotan has run in ${displayPath(found.dataDir)}: nothing to remove (--instance ID for one that is lost)`)
    if (options.json) output.print('[]\n')
    return exit.done
  }
  const locks = isHere ? await takeLocks(found.dataDir, null) : undefined
  if (isHere && !locks) throw new Failure(exit.unexpected, `Lotan runs${pidOf(found)}: stop it first, then purge it`)
  try {
    return await purgeInstance({ ...found, instance }, options, say, output)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw new Failure(exit.unexpected, `the engine: ${error.message}; start it, or check DOCKER_HOST, and try again`)
  } finally {
    await locks?.release()
  }
}

function pidOf(found: Config): string {
  const pid = found.runDir ? readRunFile(found)?.pid : undefined
  return pid === undefined ? '' : ` (pid ${pid})`
}

async function purgeInstance(config: Config, options: PurgeOptions, say: Say, output: Output): Promise<number> {
  const engine = openEngine(config)
  const things = await inventory(engine, config, { data: options.data === true })
  const volumes = options.data ? [] : await engine.listVolumes()
  if (things.length === 0) say(`nothing of ${config.instance} is left here`)
  else if (!options.yes) await confirm(things, config, options)
  const results: Result[] = []
  // Containers side by side; what follows needs them gone.
  const [containers, others] = [things.filter(isContainer), things.filter((thing) => !isContainer(thing))]
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let next = containers.shift(); next; next = containers.shift()) results.push(await remove(next))
  })
  await Promise.all(workers)
  for (const thing of others) results.push(await remove(thing))

  if (options.json) output.print(`${JSON.stringify(results, null, 2)}\n`)
  else if (results.length > 0) for (const line of tableLines(results, output)) output.print(`${line}\n`)
  const failed = results.filter(({ end }) => end === 'failed').length
  if (failed > 0) say(`${failed} of ${results.length} could not be removed: see to what is said beside it, and try again`, 'bad')
  else if (results.length > 0) say(`${config.instance} is gone from this machine${options.data ? '' : staysOf(volumes.length)}`, 'good') // prettier-ignore
  return failed > 0 ? exit.unexpected : exit.done
}

function staysOf(volumes: number): string {
  if (volumes === 0) return '; its data directory stays (--data)'
  return `; its data directory and ${volumes} volume${volumes === 1 ? '' : 's'} of previews stay (--data)`
}

function isContainer({ kind }: Thing): boolean {
  return kind === 'container'
}

async function remove({ kind, name, remove }: Thing): Promise<Result> {
  try {
    const gone = await remove()
    return gone === 'removed' ? { kind, name, end: 'removed' } : { kind, name, end: 'left', why: gone.left }
  } catch (error) {
    return { kind, name, end: 'failed', why: (error as Error).message }
  }
}

/** @throws UsageError where no person can answer, Failure where the answer is not yes */
async function confirm(things: readonly Thing[], { instance, dataDir }: Config, options: PurgeOptions): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError('there is no terminal to ask on: give --yes if all of it is to go')
  const count = Map.groupBy(things, ({ kind }) => kind)
  const counts = [...count].map(([kind, { length }]) => `${length} ${kind}${length === 1 ? '' : 's'}`).join(', ')
  const where = fs.existsSync(dataDir) ? ` (${displayPath(dataDir)})` : ''
  process.stderr.write(`Of the Lotan ${instance}${where} these go for good: ${counts}.\n`)
  if (options.data) {
    const volumes = count.has('volume') ? ', and the data of its previews' : ''
    process.stderr.write(`Its database, history, tokens and logs are among them${volumes}.\n`)
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await asking.question('Type yes to remove all of it: ')
  asking.close()
  if (answer.trim() !== 'yes') throw new Failure(exit.unexpected, 'nothing was removed')
}

function tableLines(results: Result[], output: Output): string[] {
  return tableOf<Result>(
    [
      { head: 'KIND', cell: ({ kind }) => kind },
      { head: 'NAME', cell: ({ name }) => name, least: 24 },
      { head: 'END', cell: ({ end }) => end, tone: ({ end }) => ({ removed: 'good', left: 'quiet', failed: 'bad' } as const)[end] }, // prettier-ignore
      { head: 'WHY', cell: ({ why }) => why ?? '', least: 24 },
    ],
    results,
    { width: output.width(), paint: output.paint },
  )
}
