/**
 * Requests a second to a running preview, against an nginx that does nothing but pass on to the same container, with
 * kept connections and no log. Both in turn. The application is the fastest there is, so that the way to it shows.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import autocannon from 'autocannon'
import { startLotan } from '../testing/bed.ts'
import { docker } from '../testing/docker.ts'
import { buildFast } from '../testing/images.ts'
import { freePort } from '../testing/ports.ts'
import { request } from '../testing/http.ts'
import { startRegistry } from '../testing/registry.ts'
import { until } from '../testing/until.ts'
import { median, spread } from './figures.ts'

const ROUNDS = 8
const SECONDS = 3
const CONNECTIONS = 32

export async function warm(): Promise<void> {
  const registry = await startRegistry()
  await buildFast(`${registry.repository}:fast`)
  const lotan = await startLotan({ repository: registry.repository, env: { LOTAN_CONTAINER_CPUS: '2' } })
  let bare: Awaited<ReturnType<typeof startBareNginx>> | undefined
  const rounds: { lotan: number; bare: number }[] = []
  try {
    await lotan.request('fast')
    bare = await startBareNginx(await addressOf(await lotan.containerOf('fast')))
    const through = () => rate(lotan.port, lotan.host('fast'))
    const past = () => rate(bare!.port, 'bare')
    await through()
    await past()
    for (let i = 0; i < ROUNDS; i++)
      rounds.push(
        i % 2 ? { lotan: await through(), bare: await past() } : { bare: await past(), lotan: await through() },
      )
  } finally {
    await bare?.stop()
    await lotan.stop()
    await registry.close()
  }
  console.log(
    `Lotan  ${spread(
      rounds.map(({ lotan }) => lotan),
      'requests/s',
    )}`,
  )
  console.log(
    `nginx  ${spread(
      rounds.map(({ bare }) => bare),
      'requests/s',
    )}`,
  )
  const ratios = rounds.map(({ lotan, bare }) => lotan / bare)
  console.log(
    `Lotan passes ${median(ratios).toFixed(2)} of what nginx does (${ROUNDS} rounds: ${spread(ratios, '', 2)})`,
  )
}

/** Requests a second, on loopback. @throws when an answer is not the application's */
async function rate(port: number, host: string): Promise<number> {
  const { requests, non2xx, errors } = await autocannon({
    url: `http://127.0.0.1:${port}/`,
    headers: { Host: host },
    connections: CONNECTIONS,
    duration: SECONDS,
  })
  if (non2xx || errors) throw new Error(`${host}: ${non2xx} bad answers, ${errors} errors`)
  return requests.average
}

async function addressOf(container: string): Promise<string> {
  const { NetworkSettings } = await docker<{ NetworkSettings: { Networks: Record<string, { IPAddress: string }> } }>(
    'GET',
    `/containers/${container}/json`,
  )
  return Object.values(NetworkSettings.Networks)[0]!.IPAddress
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
