/**
 * Requests a second to a running preview, against a bare nginx in front of the same container (keepalive, no log). The
 * application is as fast as possible, so that the way to it shows.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import autocannon from 'autocannon'
import { startLotan } from '../testing/harness/lotan.ts'
import { addressOf } from '../testing/harness/docker.ts'
import { buildFast } from '../testing/images/build.ts'
import { freePort } from '../testing/harness/ports.ts'
import { request } from '../testing/clients/http.ts'
import { startImageRegistry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { spread } from './figures.ts'

const ROUNDS = 6
const SECONDS = 3
const CONNECTIONS = 32
/** Requests in flight per connection. With more than one the client needs less of the machine, and nginx shows. */
const DEPTHS = [1, 8]

export async function warm(): Promise<void> {
  const registry = await startImageRegistry()
  await buildFast(`${registry.repository}:fast`)
  const lotan = await startLotan({ repository: registry.repository, env: { LOTAN_CONTAINER_CPUS: '2' } })
  let bare: Awaited<ReturnType<typeof startBareNginx>> | undefined
  try {
    await lotan.request('fast')
    bare = await startBareNginx(await addressOf(await lotan.containerOf('fast')))
    for (const depth of DEPTHS)
      await compare(depth, {
        lotan: () => rate(lotan.port, lotan.host('fast'), depth),
        bare: () => rate(bare!.port, 'bare', depth),
      })
  } finally {
    await bare?.stop()
    await lotan.stop()
    await registry.close()
  }
}

async function compare(depth: number, through: { lotan: () => Promise<number>; bare: () => Promise<number> }) {
  await through.lotan()
  await through.bare()
  const rounds: { lotan: number; bare: number }[] = []
  for (let i = 0; i < ROUNDS; i++)
    rounds.push(
      i % 2
        ? { lotan: await through.lotan(), bare: await through.bare() }
        : { bare: await through.bare(), lotan: await through.lotan() },
    )
  console.log(`\n${CONNECTIONS} connections, ${depth} at a time on each, ${ROUNDS} rounds of ${SECONDS} s`)
  const times = (name: 'lotan' | 'bare') => rounds.map((round) => round[name])
  console.log(`Lotan  ${spread(times('lotan'), 'requests/s')}`)
  console.log(`nginx  ${spread(times('bare'), 'requests/s')}`)
  const ratios = rounds.map(({ lotan, bare }) => lotan / bare)
  console.log(`Lotan passes ${spread(ratios, 'of what nginx does', 2)}`)
}

/** @throws when an answer is not the application's */
async function rate(port: number, host: string, depth: number): Promise<number> {
  const { requests, non2xx, errors } = await autocannon({
    url: `http://127.0.0.1:${port}/`,
    headers: { Host: host },
    connections: CONNECTIONS,
    pipelining: depth,
    duration: SECONDS,
  })
  if (non2xx || errors) throw new Error(`${host}: ${non2xx} bad answers, ${errors} errors`)
  return requests.average
}

async function startBareNginx(address: string) {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-bare-'))
  const port = await freePort()
  const conf = `
    daemon off; user root; worker_processes auto; pid ${dir}/pid; error_log ${dir}/error.log;
    events { worker_connections 8192; }
    http {
      access_log off;
      keepalive_requests 10000;
      client_body_temp_path ${dir}/a; proxy_temp_path ${dir}/b; fastcgi_temp_path ${dir}/c;
      uwsgi_temp_path ${dir}/d; scgi_temp_path ${dir}/e;
      upstream app { server ${address}:80; keepalive 64; keepalive_requests 100000; }
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
      }
    }`
  await fs.writeFile(path.join(dir, 'nginx.conf'), conf)
  const child = spawn('nginx', ['-p', dir, '-c', path.join(dir, 'nginx.conf'), '-e', path.join(dir, 'error.log')], {
    stdio: 'inherit',
  })
  await until('the bare nginx answers', () => request(port, { host: 'bare' }))
  return {
    port,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      await fs.rm(dir, { recursive: true })
    },
  }
}
