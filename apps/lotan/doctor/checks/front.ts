/** nginx and its port; Redis; whether Lotan runs, and how it is. */
import { spawnSync } from 'node:child_process'
import type { ClientRequest } from 'node:http'
import { pino } from 'pino'
import { http } from '../../../shared/http.ts'
import type { Config } from '../../../shared/config/config.ts'
import { redisAdvice } from '../../../shared/health/advice.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'
import { pingRedis } from '../../../shared/queue.ts'
import { whyNotListen } from '../../nginx/listen.ts'
import { findNginx } from '../../nginx/program.ts'
import { unhealthyOf } from '../../supervisor/health.ts'
import { readRunFile } from '../../supervisor/run-file.ts'

const ASK_MS = 3_000

/** The launcher's process id; undefined where none runs. A killed launcher leaves its file behind. */
export function launcherOf({ runDir }: Pick<Config, 'runDir'>): number | undefined {
  const pid = runDir ? readRunFile({ runDir })?.pid : undefined
  if (pid === undefined) return undefined
  try {
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined
  }
}

export async function checkLotan(
  config: Pick<Config, 'runDir' | 'domain'>,
  pid: number | undefined,
): Promise<Finding[]> {
  const { ok, warning, failure } = findings('lotan')
  if (pid === undefined) return [warning('does not run here', 'start it: npm start, or systemctl start lotan')]
  const problem = await unhealthyOf(config).catch((error: Error) => error.message)
  if (problem === undefined) return [ok(`runs (pid ${pid}), all its parts are ready`)]
  return [failure(`runs (pid ${pid}), but ${problem}`, 'its logs say more: logs/ in the data directory')]
}

export async function checkPort(config: Pick<Config, 'listen' | 'tls'>, isRunning: boolean): Promise<Finding[]> {
  const { ok, failure } = findings('port')
  const { host, port } = config.listen
  const found: Finding[] = []
  try {
    found.push(ok(`${findNginx().name} has its Lua`))
  } catch (error) {
    found.push(failure((error as Error).message, 'npm start installs it, as root on Debian'))
  }
  if (!isRunning) {
    const why = await whyNotListen(config)
    return [...found, why === undefined ? ok(`${host}:${port} is free`) : failure(why, 'or set LOTAN_LISTEN')]
  }
  const answers = await isOurs({ host: reachable(host), port })
  const advice = `another program has the port: ss -ltnp 'sport = :${port}' names it`
  return [
    ...found,
    answers
      ? ok(`Lotan answers at ${host}:${port}`)
      : failure(`it is not Lotan that answers at ${host}:${port}`, advice),
  ]
}

export async function checkRedis(config: Pick<Config, 'redis'>, isRunning: boolean): Promise<Finding[]> {
  const { ok, failure } = findings('redis')
  const isOwn = 'socket' in config.redis
  if (isOwn && !isRunning) {
    const { error } = spawnSync('redis-server', ['--version'], { timeout: ASK_MS })
    return [error ? failure('redis-server cannot be run', 'install redis-server') : ok('Lotan starts its own')]
  }
  try {
    await pingRedis(config, pino({ enabled: false }))
    return [ok(isOwn ? 'its own answers' : 'the one of REDIS_URL answers')]
  } catch (error) {
    return [failure((error as Error).message || 'it does not answer', redisAdvice(isOwn))]
  }
}

function reachable(host: string): string {
  return { '0.0.0.0': '127.0.0.1', '[::]': '::1' }[host] ?? host.replace(/^\[(.*)\]$/, '$1')
}

/** The router's answer to /healthz, which nginx passes on for any host, carries its name. */
function isOurs(where: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    http
      .get({ ...where, path: '/healthz', agent: false, timeout: ASK_MS }, (answer) => {
        answer.resume()
        resolve(answer.headers['lotan-router'] !== undefined)
      })
      .on('timeout', function (this: ClientRequest) {
        this.destroy()
      })
      .on('error', () => resolve(false))
  })
}
