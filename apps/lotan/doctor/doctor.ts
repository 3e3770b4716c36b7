/** `lotan doctor`: what keeps this Lotan from working, and what to do about it. It changes nothing. */
import fs from 'node:fs'
import path from 'node:path'
import { readFoundConfig, SettingsError, type Config } from '../../shared/config/config.ts'
import { openEngine } from '../../shared/engine/engine.ts'
import { exit } from '../cli/command.ts'
import { openOutput, type Output, type Tone } from '../cli/output.ts'
import { checkCertificate } from './checks/certificate.ts'
import { checkDns } from './checks/dns.ts'
import { checkDrift } from './checks/drift.ts'
import { checkDisk, checkEngine } from './checks/engine.ts'
import { checkForge } from './checks/forge.ts'
import { checkLotan, checkPort, checkRedis, launcherOf } from './checks/front.ts'
import { checkPairs } from './checks/pairs.ts'
import { checkRegistry } from './checks/registry.ts'
import { checkShell } from './checks/shell.ts'
import { findings, type Finding } from '../../shared/health/finding.ts'

const CHECK_MS = 30_000
const AGAIN = 'try again: this check could not be made'
const tones: Record<Finding['level'], Tone> = { ok: 'good', warning: 'busy', failure: 'bad' }

export async function doctor({ json }: { json?: true }): Promise<number> {
  const { found, colours } = await findAll()
  const output = openOutput(process.stdout, colours)
  if (json) output.print(`${JSON.stringify(found, null, 2)}\n`)
  else output.print(pageOf(found, output.paint))
  return found.some(({ level }) => level === 'failure') ? exit.unexpected : exit.done
}

export function pageOf(found: readonly Finding[], paint: Output['paint']): string {
  const wide = Math.max(...found.map(({ check }) => check.length))
  const lines = found.flatMap(({ check, level, says, advice }, i) => {
    const name = found[i - 1]?.check === check ? '' : check
    const margin = ' '.repeat('warning'.length + wide + 4)
    return [
      `${paint(level, tones[level])}${' '.repeat('warning'.length - level.length)}  ${name.padEnd(wide)}  ${says}`,
      ...(advice === undefined ? [] : [`${margin}${advice}`]),
    ]
  })
  return `${lines.join('\n')}\n`
}

async function findAll(): Promise<{ found: Finding[]; colours: Pick<Config, 'term' | 'hasColours'> }> {
  try {
    const config = readFoundConfig()
    return { found: await look(config), colours: config }
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    const { failure } = findings('settings')
    const found = error.problems.map(({ variable, problem }) =>
      failure(`${variable} ${problem}`, `correct ${variable}`),
    )
    return { found, colours: { term: 'dumb', hasColours: false } }
  }
}

async function look(config: Config): Promise<Finding[]> {
  const pid = launcherOf(config)
  const isRunning = pid !== undefined
  const engine = openEngine(config)
  const { answers, found: ofEngine } = await checkEngine(engine, config.dockerHost)
  const canCompare = answers && config.instance !== ''
  const [lotan, registry, dns, port, pairs, forge, shell, disk, redis, drift] = await Promise.all([
    within('lotan', checkLotan(config, pid)),
    within('registry', ofRegistry(config, isRunning)),
    within('dns', checkDns(config)),
    within('port', checkPort(config, isRunning)),
    within('pairs', (async () => checkPairs(config))()),
    within('forge', (async () => checkForge(config, isRunning))()),
    within('way in', checkShell(config, isRunning)),
    within('disk', checkDisk(answers ? engine : undefined, config)),
    within('redis', checkRedis(config, isRunning)),
    canCompare ? within('drift', checkDrift(engine, config, isRunning)) : Promise.resolve([]),
  ])
  const certificate = checkCertificate(config, Date.now())
  const settings = findings('settings').ok('all can be used')
  return [settings, lotan, ofEngine, registry, dns, certificate, port, pairs, forge, shell, disk, redis, drift].flat()
}

/** The demo's registry is a process of Lotan, on a port of its own choice. */
async function ofRegistry(config: Config, isRunning: boolean): Promise<Finding[]> {
  if (!config.demo) return (await Promise.all(config.repositories.map((one) => checkRegistry(one, config)))).flat()
  const { ok } = findings('registry')
  if (!isRunning) return [ok("REPOSITORY is not set: the demo's registry starts with Lotan")]
  const port = fs.readFileSync(path.join(config.dataDir, 'registry-port'), 'utf8').trim()
  return checkRegistry({ ...config.repositories[0]!, reference: `127.0.0.1:${port}/todowrangler` }, config)
}

/** A check that hangs, or breaks, is a finding as well. */
async function within(check: string, looking: Promise<Finding[]>): Promise<Finding[]> {
  const { failure } = findings(check)
  const late = Promise.withResolvers<Finding[]>()
  const timer = setTimeout(() => late.resolve([failure(`no answer in ${CHECK_MS / 1_000} s`, AGAIN)]), CHECK_MS)
  const broken = looking.catch((error: Error) => [failure(error.message, AGAIN)])
  return Promise.race([broken, late.promise]).finally(() => clearTimeout(timer))
}
